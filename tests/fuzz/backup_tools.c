/* tests/fuzz/backup_tools.c: whatever a backup tool prints: it is refused with a reason, or it is
 * facts; and of facts the judge says something, and never up of no backup, of what the tool itself
 * says no to, or of a broken archive of WAL.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/report.h"
#include "probes/backup_tools.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW_MS = 1700000000, FUZZ_READERS = 8 };

static bool fuzz_read(int which, const char *out, size_t len, struct backup_facts *f,
                      struct err *err)
{
    struct walg_archive archive = { 0 };
    const struct restic_filter one = { .tag = true }, several = { 0 };

    switch (which) {
    case 0:
        return walg_read_list(out, len, f, err);
    case 1:
        return walg_read_verify(out, len, NOW_MS, &archive, f, err);
    case 2:
        return barman_read_list(out, len, "main", f, err);
    case 3:
        return barman_read_check(out, len, "main", f, err);
    case 4:
        return restic_read_snapshots(out, len, &one, f, err);
    case 5:
        return restic_read_snapshots(out, len, &several, f, err);
    case 6:
        return !isnan(restic_read_size(out, len, err));
    default:
        return pgbackrest_read(out, len, "stanza1", 1000, f, err);
    }
}

static void fuzz_check(const struct backup_facts *f)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct backup *b = &f->list[i];

        if (!*b->name || b->at_ms < 0 || !(isnan(b->size_bytes) || b->size_bytes >= 0) ||
            isinf(b->size_bytes))
            abort();
    }
    if (f->total < f->n || f->wal.at_ms < 0)
        abort();
}

static void fuzz_one(int which, const char *out, size_t len)
{
    static struct backup_facts facts;
    static struct backup_say say;
    static struct report r;
    const struct backup_options o = { .rpo_ms = 1000 };
    struct err err = { "" };
    bool ok;

    backup_facts_clear(&facts);
    ok = fuzz_read(which, out, len, &facts, &err);
    if (ok == (*err.msg != '\0'))
        abort();
    if (!ok)
        return;
    backup_facts_sort(&facts);
    fuzz_check(&facts);
    report_clear(&r, NOW_MS);
    backup_say(&o, &facts, &say, &r);
    if (!r.reason.len || r.state == STATE_STALE)
        abort();
    if (r.state == STATE_UP && (!facts.n || *facts.wrong || *facts.wal.why))
        abort();
}

/* Input: what each of them may have printed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t said_len;
    const char *said;
    char *out = malloc(size + 1);

    memcpy(out, data, size);
    out[size] = '\0';
    said = tool_complaint(out, &said_len);
    if (said < out || said + said_len > out + strlen(out))
        abort();
    for (int which = 0; which < FUZZ_READERS; which++)
        fuzz_one(which, out, size);
    free(out);
    return 0;
}
