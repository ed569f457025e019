#!/usr/bin/env python3
"""The demo in a real terminal over real servers: what a fault shows, and that leaving leaves nothing.

The scenarios RMU-2, RMU-4, NM-1 and NM-2 of the systems, up to what the board and the screen show;
the simulator makes the fix. The same with every phase of the slots stands in test_scenarios.c; the
other systems are in test_demo_systems.py.
"""
import os
import pathlib

from demo_case import MIDWATCH, DemoCase, Screen, abreast, place_of, tree
from simulator import alive, wait_for

VERDICT = 2  # the row of the verdict line at 120x36


class Demo(DemoCase):
    def test_a_killed_console_leaves_no_process_and_no_directory(self):
        for starting in (True, False):
            with self.demo() as s:
                if starting:
                    s.wait_for("DEMO", seconds=10)  # and no server answers yet
                else:
                    self.live(s)
                found = tree(s.pid)
                self.assertGreater(len(found), 3)
                place = wait_for("a directory", lambda: place_of(found))
                if not starting:  # what was noted goes with the demo, and with nothing else
                    s.type(":note broken on purpose")
                    s.key("Enter")
                    s.wait_for("noted in the journal: record 1", seconds=10)
                    self.assertTrue(os.path.exists(f"{place}/notes/journal"))
                s.signal("KILL")
                wait_for("no process", lambda: not any(map(alive, found)), 5)
                wait_for("no directory", lambda: not os.path.exists(place), 5)

    def test_a_simulator_that_is_gone_is_told_for_good(self):
        """What the board shows from then on is nobody's system."""
        with self.demo() as s:
            self.live(s)
            pid = int(pathlib.Path(f"/proc/{s.pid}/task/{s.pid}/children").read_text().split()[0])
            os.kill(pid, 9)
            s.wait_for(r"/^ *! the simulator ended/", seconds=10)
            s.wait_for(r"/^ *j.k move/", seconds=20)  # the words at the bottom have gone, the row has not
            self.assertRegex("\n".join(s.lines()[:5]), r"(?m)^ *! the simulator ended")
            self.leave(s)

    def test_a_suspended_demo_ends_with_its_servers_when_the_shell_says_so(self):
        with Screen(["/bin/bash", "--norc", "-i"], cols=120, rows=36, env={"PS1": "sh> "}) as s:
            s.wait_for("sh>", seconds=5)
            s.type(f"{MIDWATCH} demo")
            s.key("Enter")
            self.live(s)
            found = [p for p in tree(s.pid) if p != s.pid]  # without the shell
            self.assertGreater(len(found), 3)
            place = wait_for("a directory", lambda: place_of(found))
            s.key("C-z")
            s.wait_for("Stopped", seconds=5)
            s.type("kill %1")
            s.key("Enter")
            wait_for("no process", lambda: not any(map(alive, found)), 10)
            wait_for("no directory", lambda: not os.path.exists(place), 5)

    def test_rmu_2_redis_down_is_down(self):
        with self.demo("ratemyunit") as s:
            self.live(s)
            self.fault(s, "redis_down")
            s.wait_for(r"/failing 1.3/", seconds=15)
            s.wait_for(r"/^ *DOWN +Redis/", seconds=35)
            s.wait_for(r"/API +affected/", seconds=35)
            s.wait_for(r"/503: redis: err/", seconds=35)
            s.wait_for("refused", seconds=40)  # the first failure may be a connection that was reset
            self.fault(s, "redis_down")
            s.wait_for(r"/Redis +up /", seconds=15)
            s.wait_gone("503: redis: err", seconds=15)
            s.wait_gone(r"/^ *DOWN /", seconds=15)  # the errors of five minutes stay degraded
            self.leave(s)

    def test_a_value_that_is_none_is_told_in_words(self):
        with self.demo("ratemyunit") as s:
            self.live(s)
            self.fault(s, "error_rate=abc")
            s.wait_for("! error_rate: 'abc' is not a number from 0 to 1", seconds=5)
            self.assertNotIn('{"error"', s.text())
            self.leave(s)

    def test_rmu_4_200_from_the_wrong_page(self):
        with self.demo("ratemyunit", "--scenario", "RMU-4") as s:
            s.wait_for(r"/^ *DOWN +API/", seconds=45)
            s.wait_for("body is not the health JSON", seconds=5)
            self.fault(s, "off")
            s.wait_gone("body is not the health JSON", seconds=15)
            s.wait_gone(r"/^ *DOWN /", seconds=15)
            self.leave(s)

    def test_nm_1_redis_down_is_degraded(self):
        with self.demo("neurmatic") as s:
            self.live(s)
            self.fault(s, "redis_down")
            s.wait_for(r"/Redis +down/", seconds=20)
            s.wait_for(r"/^ *DEGRADED +Redis/", seconds=35)
            s.wait_for(r"/Backend 1 +affected/", seconds=15)
            self.assertNotIn("UNHEALTHY", s.text())
            self.fault(s, "redis_down")
            s.wait_for(r"/Redis +up /", seconds=20)
            s.wait_gone("affected", seconds=40)
            self.leave(s)

    def test_rmu_3_a_restart_says_so(self):
        with self.demo("ratemyunit") as s:
            self.live(s)
            self.fault(s, "slow_shutdown=25")
            s.wait_for("Server is shutting down", seconds=20)
            # it refuses for two seconds then, which may lie between two questions: test_scenarios.c sees them
            s.wait_gone("Server is shutting down", seconds=60)
            s.wait_for(r"/API +(up|degraded) /", seconds=40)  # errors of five minutes stay
            self.leave(s)

    def test_nm_5_a_dump_that_is_corrupt(self):
        """Real dumps of a real database, read back by gzip; asked by hand, the interval is long."""
        with self.demo("neurmatic") as s:
            s.wait_for("DEMO", seconds=10)
            s.key("5")  # how the rest of the system is, is of no matter here
            s.wait_for(r"/Backups.local +up /", seconds=60)
            s.wait_for("gzip -dc and the last line good", seconds=10)
            s.wait_for("contradicts itself", seconds=5)
            self.fault_done(s, "backup_corrupt")
            s.key("C-r")
            s.wait_for("gzip -dc says no", seconds=20)
            s.wait_for(r"/Backups.local +down +[0-9]+h/", seconds=10)  # from the last one that was read back
            self.fault_done(s, "backup_corrupt", on=False)
            s.key("C-r")
            s.wait_for(r"/Backups.local +up /", seconds=20)
            self.leave(s)

    def test_nm_2_database_down(self):
        with self.demo("neurmatic", "--scenario", "NM-2") as s:
            s.wait_for(r"/^ *UNHEALTHY +PostgreSQL/", seconds=60)
            s.wait_for("refused", seconds=40)  # the first failure may be a connection that was reset
            self.fault(s, "db_down")
            s.wait_for(r"/PostgreSQL +up /", seconds=20)
            s.wait_gone("UNHEALTHY", seconds=40)
            self.leave(s)


if __name__ == "__main__":
    abreast.main()
