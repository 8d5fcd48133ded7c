# SPDX-License-Identifier: MIT
"""What every measurement on the stub stands on: backends, the nginx in front, and the contenders behind it."""
import backends
import measure


def start(processes, made, build_dir, port, users=1000, delay=0, rows=20):
    """Starts everything for the contenders of contenders.make(); each answers. Returns the users' file, and what is in
    it as a list."""
    work, cognito = processes.work, f"http://127.0.0.1:{port + 2}"
    users_file = work / "users.txt"
    listed = backends.Tokens(work / "www", cognito).write_users(users_file, users)
    connection_url = backends.start_postgres(processes, port + 1)
    store = backends.start_stub(processes, build_dir, port, delay, rows)
    backends.start_nginx(processes, port + 2, made)
    env = backends.settings(connection_url, store, cognito, work)
    for c in made:
        c.start(processes, env)
    for c in made:
        backends.wait_for(c.spec, lambda c=c: measure.ask(c.front_port, "/api/health-check")[0] == 200)
    return users_file, listed
