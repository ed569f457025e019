#!/usr/bin/env python3
"""RachelFoods, the concierge and HireFlux in a real terminal over real servers: RF-2, RF-3, RF-4, CM-1,
CM-3, CM-4, HF-3 and HF-5, up to what the screen shows; the simulator or its stubs make the fix. Then the
certificates and names of those that have some.

Paging, flags and the record belong to later pieces. CM-4 with its windows of ten minutes and with a
restart of Redis stands in test_scenarios.c.
"""
import subprocess
import unittest

from demo_case import MIDWATCH, DemoCase, abreast


class Listed(unittest.TestCase):
    def test_the_list_names_systems_scenarios_and_faults(self):
        for system, scenario, fault in (("neurmatic", "NM-5", "backup_missed"), ("concierge", "CM-4", "cache_miss")):
            done = subprocess.run([MIDWATCH, "demo", system, "--list"], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            for other in ("ratemyunit", "rachelfoods", "hireflux", system):
                self.assertEqual(done.stdout.splitlines()[0].split().count(other), 1, done.stdout)
            self.assertRegex(done.stdout, rf"(?m)^scenarios of {system} [^\n]*\n(  .*\n)*  {scenario} +\w")
            self.assertRegex(done.stdout, rf"(?m)^faults of {system} [^\n]*\n(  .*\n)*  {fault}")

    def test_no_other_system_is_made_up(self):
        done = subprocess.run([MIDWATCH, "demo", "nosuch", "--list"], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stdout), (64, ""))
        self.assertIn("nosuch", done.stderr)


class Systems(DemoCase):
    def live(self, s):
        """Every probe has answered; on a machine under load a latency may be above its target. A log that
        has told nothing at its first look is unknown until its next slot, a minute later."""
        s.wait_for("DEMO", seconds=10)
        s.wait_for(r"/^ *(UP|HEALTHY|DEGRADED) /", seconds=100)

    def test_every_system_is_well_by_itself(self):
        for system, probes in (("rachelfoods", 19), ("concierge", 13), ("hireflux", 18),
                               ("neurmatic", 37), ("ratemyunit", 26)):
            with self.demo(system) as s:
                self.live(s)
                s.wait_for(f"live · {probes} probes", seconds=5)
                s.wait_for(r"/^ *(UP|HEALTHY) /", seconds=90)
                self.leave(s)

    def test_certificates_and_names_of_rachelfoods(self):
        self.edge_heals("rachelfoods", "TLS and DNS")

    def test_certificate_and_names_of_neurmatic(self):
        self.edge_heals("neurmatic", "Certificate and names")

    def test_certificates_and_names_of_ratemyunit(self):
        self.edge_heals("ratemyunit", "TLS and DNS")

    def edge_heals(self, system, title):
        """Each fault is seen at the next question, and gone at the one after."""
        with self.demo(system) as s:
            self.live(s)
            s.key("2")
            for fault, seen in (("cert_expiring", "degraded +certificate: expires 5d, warning at 21d"),
                                ("cert_expired", "down +certificate: tls: certificate exp"),
                                ("dns_wrong", r"down +address: 198.51.100.[0-9]+ is not exp")):
                s.wait_for(rf"/{title} +up +certificate: 60d left/", seconds=60)
                self.fault_done(s, fault)
                self.command(s, "ask")
                s.wait_for(rf"/{title} +{seen}/", seconds=60)
                self.fault_done(s, fault, on=False)
                self.command(s, "ask")
            s.wait_for(rf"/{title} +up /", seconds=60)
            self.leave(s)

    def test_rf_3_payments_that_their_orders_do_not_hear_of(self):
        with self.demo("rachelfoods") as s:
            self.live(s)
            self.fault(s, "webhook_bad_secret")
            s.wait_for(r"/Payments +degraded +webhook: count/", seconds=90)
            s.wait_for(r"/webhook: count [0-9]+ refused/", seconds=5)
            s.wait_for(r"/API +up /", seconds=1)  # health stays green
            self.leave(s)

    def test_rf_4_a_backup_that_never_worked(self):
        with self.demo("rachelfoods") as s:
            self.live(s)
            s.wait_for(r"/Nightly dump +up /", seconds=10)
            self.fault_done(s, "backup_empty")  # asked for now, not in five minutes
            s.wait_for(r"/Nightly dump +down +backup_[0-9]+.sql: 0 /", seconds=20)
            s.wait_for(r"/^ *DEGRADED +Nightly dump .*: 0 bytes .*none of them is good/", seconds=5)
            self.tool(s, "backup.sh")
            self.command(s, "ask")
            s.wait_for(r"/Nightly dump +degraded/", seconds=20)  # one good one, and seven are due
            self.fault_done(s, "backup_empty", on=False)
            self.command(s, "ask")
            s.wait_for(r"/Nightly dump +up /", seconds=20)
            self.leave(s)

    def test_cm_1_a_kill_switch_is_no_outage(self):
        with self.demo("concierge") as s:
            self.live(s)
            self.fault_done(s, "openai_down")
            self.command(s, "ask")
            s.wait_for(r"/Concierge +degraded +says isFallback: true/", seconds=15)
            self.tool(s, "set-env.sh", "CONCIERGE_DISABLED", "true")
            self.tool(s, "redeploy.sh", "backend")
            self.command(s, "ask")
            s.wait_for(r"/Concierge +disabled +says error: concierge/", seconds=15)
            s.wait_for(r"/^ *UP +7 of 8 services up, 1 switched off/", seconds=30)
            s.wait_for("nothing is wrong", seconds=5)
            self.leave(s)

    def test_cm_3_slow_and_not_down(self):
        with self.demo("concierge", "--scenario", "CM-3") as s:
            s.wait_for(r"/API +degraded +.*slow: 1.3 s/", seconds=60)
            s.wait_for(r"/^ *DEGRADED +API/", seconds=5)
            self.tool(s, "redeploy.sh", "backend")
            s.wait_for(r"/API +up /", seconds=40)
            self.leave(s)

    def test_cm_4_one_group_misses(self):
        with self.demo("concierge") as s:
            self.live(s)
            self.fault(s, "cache_miss=0.45")  # of the weather alone
            s.wait_for(r"/Cache +degraded +weather: misses/", seconds=120)
            self.assertNotRegex(s.text(), "! (Cache.(products|recommendations)|Redis)")
            self.leave(s)

    def test_hf_3_workers_stopped(self):
        with self.demo("hireflux") as s:
            self.live(s)
            s.type("4")
            s.wait_for(r"/Workers.resumes +up/", seconds=10)
            self.fault(s, "workers_stopped")
            s.wait_for(r"/Workers.resumes .*growing \+[0-9.]+.m/", seconds=150)
            self.fault(s, "workers_stopped")
            s.wait_for(r"/Workers.resumes +up +0 /", seconds=150)
            self.leave(s)

    def test_hf_5_the_health_endpoint_lies(self):
        with self.demo("hireflux") as s:
            self.live(s)
            self.fault(s, "health_lies")
            s.wait_for(r"/^ *DOWN +PostgreSQL/", seconds=90)
            s.wait_for(r"/Redis +down/", seconds=30)
            s.wait_for(r"/API +(affected|degraded|down) +.*(500|ERROR|errors|root)/", seconds=60)
            self.fault_done(s, "health_lies", on=False)
            self.command(s, "ask")
            s.wait_for(r"/PostgreSQL +up/", seconds=40)
            self.leave(s)


if __name__ == "__main__":
    abreast.main()
