/* examples/sim/ctl.h: midwatch-sim as a client of a running one: for people, and for the stubs. */
#pragma once

int ctl_run(int argc, char **argv); /* the exit code; 64: usage */
