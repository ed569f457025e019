/* probes/backup_say.c: what is known of backups, told: the numbers, the table, and one sentence of
 * the worst of what was found. */
#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "core/buf.h"
#include "probes/backup_impl.h"

void backup_say_fini(struct backup_say *s)
{
    for (size_t i = 0; i < BACKUP_FINDINGS; i++) {
        text_fini(&s->findings[i].name);
        text_fini(&s->findings[i].word);
        text_fini(&s->findings[i].note);
    }
    for (size_t i = 0; i < sizeof s->cells / sizeof *s->cells; i++)
        text_fini(&s->cells[i]);
}

static void backup_put(struct backup_judge *j, enum backup_signal signal, double value,
                       const char *why_not)
{
    struct value *v = &j->r->values[signal];

    v->known = !isnan(value);
    v->value = value;
    if (!v->known)
        text_sets(&v->note, why_not);
}

static void backup_numbers(struct backup_judge *j)
{
    const struct backup_facts *f = j->f;
    int64_t at_ms = backup_recoverable(j);
    const char *none = j->seen.n_pending ? "none is proven good yet" : "there is no good one";

    backup_put(j, BACKUP_AGE, at_ms ? fmax(0, (double)(j->now_ms - at_ms) / 1000) : NAN, none);
    backup_put(j, BACKUP_SIZE, j->seen.good ? j->seen.good->size_bytes : NAN,
               j->seen.good ? "the source tells no size" : none);
    backup_put(j, BACKUP_CHANGE, j->seen.change_pct,
               j->seen.good ? "nothing before it to compare with" : none);
    backup_put(j, BACKUP_KEPT, f->wal.only ? NAN : (double)j->seen.n_good, "the source keeps none");
    backup_put(j, BACKUP_OLDEST,
               f->oldest_ms ? fmax(0, (double)(j->now_ms - f->oldest_ms) / 1000) : NAN,
               "there is none");
    backup_put(j, BACKUP_WAL,
               f->wal.told && f->wal.at_ms ? fmax(0, (double)(j->now_ms - f->wal.at_ms) / 1000)
                                           : NAN,
               f->wal.told ? "not told" : "the source knows of no WAL");
}

static void backup_row(struct backup_judge *j, size_t row, const struct backup *b)
{
    static const char *const types[] = { "", "full", "diff", "incr" };
    struct text *cells = &j->s->cells[(row + 1) * BACKUP_COLUMNS];
    char age[16], size[32];

    text_sets(&cells[0], b->name);
    text_sets(&cells[1], types[b->type]);
    text_sets(&cells[2], b->at_ms > j->now_ms + BACKUP_SKEW_MS ? "future"
                         : b->at_ms > 0 ? age_format_hours(j->now_ms - b->at_ms, age)
                                        : "?");
    text_sets(&cells[3],
              isnan(b->size_bytes) ? "-" : quantity_format(b->size_bytes, UNIT_BYTES, size));
    text_sets(&cells[4], *b->why ? "no good" : b->pending ? "not yet" : "good");
    text_setf(&cells[5], "%s", *b->why ? b->why : *b->how ? b->how : "it is listed");
}

static void backup_table(struct backup_judge *j)
{
    static const char *const heads[BACKUP_COLUMNS] = { "backup", "type",    "age",
                                                       "size",   "verdict", "evidence" };
    size_t rows = j->f->n < TABLE_ROWS ? j->f->n : TABLE_ROWS;

    if (rows == 0)
        return;
    for (size_t i = 0; i < BACKUP_COLUMNS; i++)
        text_sets(&j->s->cells[i], heads[i]);
    for (size_t i = 0; i < rows; i++)
        backup_row(j, i, &j->f->list[i]);
    j->s->table = (struct table){
        .cells = j->s->cells, .rows = rows, .cols = BACKUP_COLUMNS, .cut = rows < j->f->total
    };
    j->r->table = &j->s->table;
}

/* The worst finding decides; all that are as bad say why. What is good says how good. */
static void backup_sentence(struct backup_judge *j)
{
    enum state worst = STATE_UP;
    struct buf b = { 0 };

    for (size_t i = 0; i < j->n; i++)
        if (j->counts[i] && state_rank(j->s->findings[i].state) > state_rank(worst))
            worst = j->s->findings[i].state;
    for (size_t i = 0; i < j->n; i++) {
        const struct component *c = &j->s->findings[i];
        bool told = text_is(&c->name, "RPO") || (worst == STATE_UP && text_is(&c->name, "size"));

        if (j->counts[i] && (worst == STATE_UP ? told : c->state == worst))
            buf_addf(&b, "%s%s", b.len ? " · " : "", text_str(&c->note));
    }
    if (worst != STATE_UP)
        for (size_t i = 0; i < j->n; i++)
            if (text_is(&j->s->findings[i].name, "RPO") && j->s->findings[i].state != worst)
                buf_addf(&b, " · %s", text_str(&j->s->findings[i].note));
    j->r->state = worst;
    if (worst == STATE_DOWN) {
        j->r->fault = FAULT_BODY;
        j->r->sure = true; /* asking again finds the same files */
    }
    text_set(&j->r->reason, b.bytes, b.len);
    buf_fini(&b);
}

void backup_say(const struct backup_options *o, struct backup_facts *f, struct backup_say *s,
                struct report *r)
{
    struct backup_judge j = { .o = o, .f = f, .s = s, .r = r, .now_ms = r->at_ms };

    assert(f->n <= BACKUP_MAX); /* sorted */
    backup_examine(o, f, j.now_ms, &j.seen);
    backup_find_all(&j);
    backup_numbers(&j);
    backup_table(&j);
    backup_sentence(&j);
    r->components = s->findings;
    r->n_components = j.n;
}
