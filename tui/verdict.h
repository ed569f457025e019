/* tui/verdict.h: the line that answers "is anything wrong now?": one or, where it is narrow, two
 * rows. Word, root and age stay at any width; who has it leaves later than how much it explains.
 */
#pragma once

#include "tui/view.h"

void verdict_draw(const struct view *v, struct rect r, struct canvas *c);
/* Of the word on its ground; no board on which an alert fires is all well. */
enum style verdict_style(const struct board *b);
/* The most urgent of the alerts that fire while every service is as it should be; or NULL. */
const struct alert *verdict_alert(const struct board *b);
