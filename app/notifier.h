/* app/notifier.h: those who are not at the console are told what fires, and that it ended.
 *
 * The journal is the outbox: what it says of an alert and what it says was sent are compared, and
 * where they differ something is sent. So nothing is lost over a crash, and what was sent but not
 * recorded is sent again, under the same key: at least once. What becomes due together goes in one
 * message, as far as the channel takes that.
 *
 * A failed attempt is tried again after 1 s, then twice as long each time up to 5 minutes, or as
 * long as the other side asks for. One channel never waits for another.
 *
 * Owner:   notifier_new() to notifier_free(), which accepts NULL; watch, book and alarm are
 *          borrowed.
 */
#pragma once

#include "app/alarm.h"
#include "app/book.h"
#include "app/secrets.h"
#include "app/watch.h"

struct notifier;

struct notifier_options {
    struct io *io;
    struct watch *watch;
    struct book *book;
    struct alarm *alarm;
    struct secrets *secrets;
};

struct notifier *notifier_new(const struct notifier_options *o);
void notifier_free(struct notifier *n);
void notifier_record(struct notifier *n, const struct record *r); /* as the book tells it */
void notifier_look(struct notifier *n);                           /* something changed */
