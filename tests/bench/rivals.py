"""What people use today, doing the same work, where it is installed: CPU a probe of prometheus with
blackbox_exporter, of monit and of nagios with check_http. Printed beside, never judged.
"""
import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from bench.meter import Window  # noqa: E402
from harness.peers import die_with_parent, free_port  # noqa: E402


@contextlib.contextmanager
def running(*commands, cwd):
    """Processes that end with the block: TERM, then KILL, each by its own pid."""
    procs = []
    with open(os.path.join(cwd, "out"), "ab") as out:
        try:
            for c in commands:
                procs.append(subprocess.Popen(c, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out,
                                              stderr=out, preexec_fn=die_with_parent,
                                              env={**os.environ, "GOMAXPROCS": "2"}))
            yield procs
        finally:
            for p in procs:
                p.send_signal(signal.SIGTERM)
            for p in procs:
                try:
                    p.wait(3)
                except subprocess.TimeoutExpired:
                    p.kill()
                    p.wait()


def write(directory, name, text, mode=0o600):
    path = os.path.join(directory, name)
    pathlib.Path(path).write_text(text)
    os.chmod(path, mode)
    return path


def prometheus(d, farm, n):
    if not (shutil.which("prometheus") and shutil.which("prometheus-blackbox-exporter")):
        return None
    web, box = free_port(), free_port()
    targets = "".join(f"    - '{farm.health(i)}'\n" for i in range(n))
    write(d, "prom.yml", f"""
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
scrape_configs:
- job_name: health
  metrics_path: /probe
  params: {{module: [health]}}
  relabel_configs:
  - {{source_labels: [__address__], target_label: __param_target}}
  - {{source_labels: [__param_target], target_label: instance}}
  - {{target_label: __address__, replacement: '127.0.0.1:{box}'}}
  static_configs:
  - targets:
{targets}""")
    write(d, "rules.yml", "groups:\n- name: g\n  rules:\n  - {alert: Down, expr: probe_success == 0}\n")
    write(d, "box.yml", """modules:
  health:
    prober: http
    timeout: 900ms
    http: {preferred_ip_protocol: ip4, fail_if_body_not_matches_regexp: ['"status":"ok"']}
""")
    return [["prometheus-blackbox-exporter", "--config.file=box.yml",
             f"--web.listen-address=127.0.0.1:{box}", "--log.level=error"],
            ["prometheus", "--config.file=prom.yml", f"--storage.tsdb.path={d}/data",
             f"--web.listen-address=127.0.0.1:{web}", "--log.level=warn"]]


def monit(d, farm, n):
    if not shutil.which("monit"):
        return None
    lines = ["set daemon 1", *(f"set {k} {d}/{v}" for k, v in (
        ("log", "log"), ("pidfile", "pid"), ("idfile", "id"), ("statefile", "state")))]
    for i in range(n):
        host, port, path = farm.parts(i)
        lines.append(f"check host t{i} with address {host}\n  if failed port {port} protocol http "
                     f'request "{path}" content = "status...ok" then alert')
    return [["monit", "-I", "-c", write(d, "rc", "\n".join(lines) + "\n")]]


def nagios(d, farm, n):
    check = "/usr/lib/nagios/plugins/check_http"
    if not (shutil.which("nagios4") and os.path.exists(check)) or os.geteuid() != 0:
        return None
    for name in ("spool/checkresults", "rw"):
        os.makedirs(os.path.join(d, name))
    pathlib.Path(d, "nagios.cfg").write_text("".join(f"{k}={d}/{v}\n" for k, v in (
        ("log_file", "log"), ("cfg_file", "objects.cfg"), ("object_cache_file", "oc"),
        ("precached_object_file", "pc"), ("status_file", "status"), ("temp_file", "tmp"),
        ("temp_path", ""), ("lock_file", "lock"), ("check_result_path", "spool/checkresults"),
        ("command_file", "rw/cmd"), ("query_socket", "qh"), ("state_retention_file", "ret"))) +
        "nagios_user=nobody\nnagios_group=nogroup\ninterval_length=1\nmax_concurrent_checks=0\n"
        "execute_host_checks=0\nservice_inter_check_delay_method=s\nmax_service_check_spread=1\n"
        "sleep_time=0.05\ncheck_external_commands=0\nuse_syslog=0\nlog_rotation_method=n\n"
        "enable_notifications=0\nstatus_update_interval=10\ncheck_workers=2\n")
    days = "".join(f" {day} 00:00-24:00\n" for day in (
        "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"))
    objects = [f"define timeperiod {{\n timeperiod_name 24x7\n alias x\n{days}}}",
               "define command {\n command_name ck\n command_line " + check +
               " -H $HOSTADDRESS$ -p $ARG2$ -u $ARG1$ -s ok -t 5\n}",
               "define contact {\n contact_name c\n host_notification_period 24x7\n"
               " service_notification_period 24x7\n host_notification_options n\n"
               " service_notification_options n\n host_notification_commands ck\n"
               " service_notification_commands ck\n}"]
    common = (" max_check_attempts 1\n check_period 24x7\n contacts c\n notification_interval 0\n"
              " notification_period 24x7\n")
    for i in range(n):
        host, port, path = farm.parts(i)
        objects.append(f"define host {{\n host_name h{i}\n address {host}\n active_checks_enabled 0\n"
                       f"{common}}}\ndefine service {{\n host_name h{i}\n service_description s\n"
                       f" check_command ck!{path}!{port}\n check_interval 1\n retry_interval 1\n"
                       f"{common}}}")
    pathlib.Path(d, "objects.cfg").write_text("\n".join(objects) + "\n")
    subprocess.run(["chown", "-R", "nobody:nogroup", d], check=True)
    return [["nagios4", f"{d}/nagios.cfg"]]


def probe_cost(farm, n, secs, warm=8.0):
    """{name: us of CPU a probe} of every rival that is installed."""
    out = {}
    for name, prepare in (("prometheus+blackbox", prometheus), ("monit", monit),
                          ("nagios+check_http", nagios)):
        with tempfile.TemporaryDirectory(prefix="midwatch-rival-") as d:
            os.chmod(d, 0o755)
            commands = prepare(d, farm, n)
            if not commands:
                continue
            with running(*commands, cwd=d) as procs:
                time.sleep(warm)  # their own start-up is not part of the figure
                before = farm.stats()["health"]
                with Window(*(p.pid for p in procs)) as w:
                    time.sleep(secs)
                probes = farm.stats()["health"] - before
            out[name] = w.cpu_us / probes if probes > n / 2 else None
    return out


def get(url):
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5) as r:
        return r.read()
