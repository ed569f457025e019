/* app/alarm.h: alerts and the journal agree: what fires is recorded, what was recorded is known
 * again after a restart, and who has an alert is what the journal says, whoever wrote it.
 *
 * Of several consoles of one watch one records what fires and ends (it holds the lease of the
 * folder); when it ends, however it does, another takes that over. Everybody sees everybody's acks.
 *
 * Errors:  none here: the book tells what could not be recorded, and it is tried again.
 * Owner:   alarm_new() to alarm_free(), which accepts NULL; watch and book are borrowed.
 */
#pragma once

#include "app/book.h"
#include "app/watch.h"

struct alarm;

struct alarm *alarm_new(struct io *io, struct watch *watch,
                        struct book *book); /* NULL: no journal */
void alarm_free(struct alarm *a);

void alarm_record(struct alarm *a, const struct record *r); /* as the book tells it */
void alarm_caught_up(struct alarm *a);
void alarm_looked(struct alarm *a);

/* What the journal says of alerts, for whoever tells people; of what it refused, what the board
 * says. */
struct alarm_fact {
    const char *id;
    int64_t fired_ms;            /* 0 = it does not fire */
    int64_t before_ms, ended_ms; /* it fired before, from when until when; 0 = not that we know */
    bool acked;
};
size_t alarm_facts(const struct alarm *a); /* how many */
struct alarm_fact alarm_fact(const struct alarm *a, size_t i);
bool alarm_holds(const struct alarm *a); /* we hold the lease of the folder */
bool alarm_tells(const struct alarm *a); /* it is on us: we hold the lease and know all */
void alarm_look(struct alarm *a);        /* the board changed */
