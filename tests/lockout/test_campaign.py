# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The campaign itself: what it draws, that it sees what is wrong, and that it does not pass where it has shown nothing.
"""

import datetime
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "hosts")]

import closing  # noqa: E402
import draws  # noqa: E402
import faults  # noqa: E402
import report  # noqa: E402
import states  # noqa: E402
from closing import Closing  # noqa: E402
from draws import CLOSE, CUTTING, FILTER, GOOD, KEEP, NONE, OLD, REFUSED, TRIAL, WHAT, Draw  # noqa: E402
from filtering import Filtering  # noqa: E402
from verdicts import BEFORE, ENDS, IN_TRIAL, KEPT, LOADED, Outcome, Phase, complaints, unproven  # noqa: E402

LISTING = """\
table inet listening_ports {
\tset trial_8f3c1a2b {
\t\ttype inet_proto
\t\tflags timeout
\t\telements = { tcp timeout 10s expires 1s250ms,
\t\t\t     udp timeout 10s expires 1s250ms }
\t}

\tchain new_decide_8f3c1a2b {
\t\ttcp dport 8001 counter packets 0 bytes 0 reject with tcp reset
\t}

\tchain decide {
\t\tiif "lo" accept
\t\ttcp dport 9001 counter packets 0 bytes 0 reject with tcp reset
\t}

\tchain input {
\t\tmeta l4proto @trial_8f3c1a2b goto new_decide_8f3c1a2b
\t\tjump decide
\t}
}
"""
IN_THE_TRIAL = Phase(IN_TRIAL, 7.5)


def outcome(fault="none", new=GOOD, status="kept", phase=None, **more):
    """What is seen of a run that ended as it has to, but for what is given."""
    rules = GOOD if status == "kept" else more.get("before", NONE)
    what = more.pop("what", FILTER)
    drawn = Draw(what, 0, "trixie", draws.SETTINGS[what][-1], "root", more.pop("before", NONE), new, fault,
                 more.pop("moment", TRIAL), 0.5)
    code = {"refused": "own_connection", "unchanged": "in_use"}.get(status, "")
    seen = {"gap": None, "code": code, "reachable": True, "root": True, "now": rules, "on_disk": rules,
            "put_right": None, "booted": rules, "lost": (), "quiet": True, "seconds": 20.0}
    return Outcome(draw=drawn, phase=phase, status=status, **{**seen, **more})


@pytest.mark.parametrize("what", WHAT)
def test_a_run_follows_from_its_seed_and_number(what):
    first, again, other = ([draws.draw(what, seed, number, 10) for number in range(100)] for seed in (7, 7, 8))
    assert first == again
    assert [drawn[2:] for drawn in first] != [drawn[2:] for drawn in other]


def test_each_fault_is_there_and_known():
    assert {"none", *draws.FAULTS[FILTER], *draws.FAULTS[CLOSE]} == set(faults.FAULTS)
    for what in WHAT:
        assert {fault for fault, _new, _moment in draws.DECKS[what]} == {"none", *draws.FAULTS[what]}


@pytest.mark.parametrize("what", WHAT)
@pytest.mark.parametrize("seed", range(20))
def test_the_first_deck_has_each_fault_in_a_trial(seed, what):
    deck = [draws.draw(what, seed, number, 10) for number in range(len(draws.DECKS[what]))]
    assert {drawn.fault for drawn in deck if drawn.moment == TRIAL} == set(draws.FAULTS[what])
    assert {drawn.fault for drawn in deck if drawn.moment == KEEP} == {"module killed", *draws.SWITCHED_OFF}


@pytest.mark.parametrize("what", WHAT)
def test_a_run_that_has_to_meet_a_trial_is_made_again_and_its_fault_comes_earlier(what):
    runs = [draws.draw(what, 3, number, 10) for number in range(2 * len(draws.DECKS[what]))]
    wanted = [drawn for drawn in runs if draws.has_to_meet_a_trial(drawn)]
    assert sorted(drawn.fault for drawn in wanted) == sorted(draws.FAULTS[what])
    for drawn in wanted:
        earlier = draws.again(drawn)
        assert earlier.offset < drawn.offset or drawn.offset == 0
        assert earlier._replace(offset=drawn.offset) == drawn


@pytest.mark.parametrize("subject", [Filtering(), Closing(10)], ids=WHAT)
def test_in_the_long_run_everything_is_drawn(subject):
    runs = [draws.draw(subject.what, 1, number, 10) for number in range(1000)]
    for field, values in {"release": draws.RELEASES, "setting": subject.settings, "user": draws.USERS,
                          "before": draws.BEFORE[subject.what], "new": (GOOD, CUTTING, REFUSED),
                          "moment": ("any", TRIAL, KEEP)}.items():
        assert {getattr(drawn, field) for drawn in runs} == set(values)
    assert all(drawn.user == "ansible" for drawn in runs if drawn.fault == "sudo broken")
    assert all(drawn.new == GOOD for drawn in runs if drawn.moment == KEEP)


@pytest.mark.parametrize("right", [
    outcome(), outcome(new=CUTTING, status="reverted"), outcome(new=REFUSED, status="refused"),
    outcome(new=CUTTING, status="reverted", before=OLD),
    outcome("power cut", status="unreachable", phase=IN_THE_TRIAL),
    outcome("rules flushed", status="reverted", phase=IN_THE_TRIAL, before=OLD, now=NONE),
    outcome("rules flushed", phase=Phase(KEPT), now=NONE),
    outcome("module killed", status="failed", phase=Phase(LOADED, busy=True), now=GOOD, put_right=GOOD, booted=GOOD),
    outcome("controller killed", status="killed", phase=IN_THE_TRIAL, now=GOOD, on_disk=GOOD, booted=GOOD),
    outcome("sudo broken", status="reverted", phase=IN_THE_TRIAL),
    outcome("sudo broken", phase=IN_THE_TRIAL._replace(busy=True)),
    *(outcome(what=CLOSE, new=new, status=status) for new, status in ENDS[CLOSE].items()),
    outcome("systemd renewed", what=CLOSE, status="reverted", phase=IN_THE_TRIAL),
])
def test_what_may_be_is_not_complained_about(right):
    assert complaints(right) == []


@pytest.mark.parametrize("wrong, words", [
    (outcome(reachable=False), "nobody can log in"),
    (outcome(root=False), "cannot become root"),
    (outcome(quiet=False), "did not end"),
    (outcome(lost=("the table inet firewalld has changed",)), "inet firewalld"),
    (outcome(status="reverted"), "is reverted, not kept"),
    (outcome(new=CUTTING, status="kept"), "nobody confirmed"),
    (outcome(new=CUTTING, status="reverted", now=CUTTING), "the host has what nobody confirmed: cutting"),
    (outcome(new=CUTTING, status="reverted", on_disk=CUTTING), "its disk has what nobody confirmed: cutting"),
    (outcome(new=REFUSED, status="reverted"), "was tried"),
    (outcome(new=REFUSED, status="refused", code="busy"), "refused as busy"),
    (outcome("power cut", status="unreachable", phase=IN_THE_TRIAL, now="down"), "nobody confirmed: down"),
    (outcome("nft hangs", status="failed", phase=IN_THE_TRIAL, now=GOOD), "the host has the change good"),
    (outcome("module killed", status="failed", phase=IN_THE_TRIAL, now=GOOD), "the host has the change good"),
    (outcome("module killed", status="failed", phase=Phase(LOADED), now=GOOD), "the host has the change good"),
    (outcome("module killed", status="failed", phase=Phase(LOADED), now=GOOD, put_right=NONE), "leaves the disk with"),
    (outcome("module killed", status="failed", phase=Phase(LOADED), now=GOOD, put_right=GOOD), "a boot gives"),
    (outcome("reboot", phase=Phase(KEPT), booted=NONE), "a boot gives the change none"),
    (outcome("link cut", phase=IN_THE_TRIAL, now=NONE, on_disk=NONE, booted=NONE), "is not changed"),
    (outcome("link cut", status="reverted", phase=IN_THE_TRIAL, now=GOOD, on_disk=GOOD, booted=GOOD), "not as it was"),
    (outcome("sudo broken", phase=IN_THE_TRIAL), "a login that cannot become root"),
    (outcome("sudo broken", phase=Phase(BEFORE)), "a login that cannot become root"),
    (outcome("sshd restarted", status="none"), "the answer is none"),
    (outcome("sshd restarted", status="unchanged"), "the answer is unchanged"),
    (outcome(what=CLOSE, new=CUTTING, status="reverted", now=GOOD), "the host has what nobody confirmed"),
    (outcome(what=CLOSE, new=REFUSED, status="unchanged", code="protected"), "refused as protected"),
    (outcome(what=CLOSE, new=REFUSED, status="refused"), "is refused, not unchanged"),
    (outcome("controller killed", what=CLOSE, status="killed", phase=IN_THE_TRIAL, now=GOOD), "its disk has none"),
    (outcome("disk full", what=CLOSE, phase=IN_THE_TRIAL, on_disk=NONE, booted=NONE), "is not changed"),
])
def test_what_may_not_be_is_seen(wrong, words):
    assert words in "; ".join(complaints(wrong))


def shown(count=1, what=FILTER):
    """What a campaign shows at least, so many times."""
    runs = [outcome(what=what, new=new, status=status) for new, status in ENDS[what].items()]
    runs += [outcome("reboot", what=what, phase=Phase(KEPT), moment=KEEP, gap=0.4)]
    runs += [outcome(fault, what=what, status="reverted", phase=IN_THE_TRIAL) for fault in draws.FAULTS[what]]
    return (runs * count + [outcome("reboot", what=what, phase=Phase(KEPT))] * len(draws.DECKS[what]))


@pytest.mark.parametrize("what", WHAT)
def test_a_campaign_that_shows_everything_lacks_nothing(what):
    assert unproven(what, shown(what=what)) == []


@pytest.mark.parametrize("what, index, words", [
    (FILTER, 0, "change good and were kept"), (FILTER, 1, "cutting and were reverted"),
    (FILTER, 2, "refused and were refused"), (CLOSE, 2, "refused and were unchanged"),
    *((what, 3, "within a second of the keep") for what in WHAT),
    *((what, 4 + number, fault) for what in WHAT for number, fault in enumerate(draws.FAULTS[what]))])
def test_what_a_campaign_has_not_shown_is_said(what, index, words):
    runs = shown(what=what)
    del runs[index]
    (missing,) = unproven(what, runs)
    assert words in missing


def test_a_fault_that_came_before_every_trial_shows_nothing():
    early = [run._replace(phase=Phase(BEFORE)) if run.draw.fault == "nft hangs" else run for run in shown()]
    assert unproven(FILTER, early) == ['the fault "nft hangs" met 0 live trials, not 1']


def test_long_campaigns_have_to_show_more_and_single_runs_nothing():
    assert unproven(FILTER, [*shown(), *[outcome()] * 100])
    assert unproven(FILTER, [*shown(3), *[outcome()] * 100]) == []
    assert unproven(FILTER, [outcome()]) == []


def test_a_listing_tells_what_is_kept_and_what_is_tried():
    assert states.kept_in_kernel(LISTING) == OLD
    assert states.trial_left(LISTING) == 1.25
    assert states.kept_in_kernel("") == NONE and states.trial_left(LISTING.replace("expires", "")) == 0
    ended = LISTING.replace("dport 9001", "dport 8001")
    assert states.kept_in_kernel(ended) == GOOD


@pytest.mark.parametrize("text, number", [("9s123ms", 9.123), ("59m58s", 3598), ("4ms", 0.004), ("1h2s", 3602)])
def test_seconds_as_nft_prints_them(text, number):
    assert states.seconds(text) == pytest.approx(number)


def test_rules_have_names_by_what_they_do():
    assert states.named("tcp dport 22 ip saddr %s accept" % states.FIRST_ADDRESS) == CUTTING
    assert states.named("tcp dport 22 ip saddr 192.0.2.0/24 accept") == REFUSED
    assert states.named("tcp dport { 8001, 9001 } reject") == "unknown rules"
    assert states.named("\n") == NONE


def test_foreign_tables_are_those_of_others():
    listing = "table ip banning {\n\tset banned {\n\t}\n}\n%stable inet firewalld {\n\tchain a {\n\t}\n}\n" % LISTING
    assert sorted(states.foreign_tables(listing)) == ["inet firewalld", "ip banning"]


def test_what_ports_answer_has_a_name():
    assert [states.met(*answers) for answers in (("open", "open"), ("shut", "open"), ("open", "shut"))] == [
        NONE, OLD, GOOD]
    assert [closing.stopped(*answers) for answers in (("open", "open"), ("shut", "open"), ("shut", "shut"))] == [
        NONE, GOOD, CUTTING]
    assert closing.stopped("open", "silent") == "spare is open, logins is silent"


def test_units_that_a_boot_starts_are_seen_from_outside(tmp_path):
    subject, folder = Closing(10), tmp_path / "etc/systemd/system"
    wants = [folder / name for name in ("sockets.target.wants/spare.socket", "multi-user.target.wants/logins.service")]
    seen = [subject.on_disk(tmp_path)]
    for link in reversed(wants):
        link.parent.mkdir(parents=True)
        link.symlink_to("/etc/systemd/system/" + link.name)
        seen.append(subject.on_disk(tmp_path))
    before = subject.mark(tmp_path)
    wants[0].unlink()
    assert seen == [CUTTING, GOOD, NONE] and subject.mark(tmp_path) != before
    wants[0].symlink_to("/nowhere")
    wants[1].unlink()
    assert subject.on_disk(tmp_path) == "spare is enabled, logins is not"


def test_a_trial_is_seen_by_the_file_of_its_timer(tmp_path):
    subject = Closing(10)
    assert not subject.is_tried(tmp_path)
    (tmp_path / closing.TRANSIENT).parent.mkdir(parents=True)
    (tmp_path / closing.TRANSIENT).write_text("")
    assert subject.is_tried(tmp_path)


def test_a_line_has_all_that_repeats_a_run():
    text = report.line(outcome("reboot", status="reverted", phase=Phase(IN_TRIAL, 3.25, busy=True)), 4711)
    for words in ("  0 seed 4711", "trixie", "ufw", "reboot", "trial+0.50 s: in the trial, 3.2 s left, module at work",
                  "reverted now=none disk=none boot=none ok"):
        assert words in text
    assert "WRONG: nobody can log in" in report.line(outcome(reachable=False), 4711)


def test_the_table_counts_each_kind():
    campaign = report.Campaign(FILTER, 4711, 10, {"Linux": "6.18"})
    runs = [*shown(), outcome("link cut", status="unreachable", phase=IN_THE_TRIAL, reachable=False)]
    text = report.table(campaign, runs, datetime.date(2026, 11, 28))
    assert "seed 4711 and trials of 10 s, on 2026-11-28: Linux 6.18." in text
    assert "1 hosts could not be reached when the trial was over, 0 lost rules of others, and on 0 kernel" in text
    assert "   * - link cut\n     - 2\n     - 2\n     - 0\n     - 0\n     - 1\n     - 0\n     - 1\n     - 1\n" in text
    assert "   * - together\n     - %d\n" % len(runs) in text
    assert "%d beside ufw" % len(runs) in text


def test_the_table_of_stopped_units_says_what_they_are():
    text = report.table(report.Campaign(CLOSE, 4711, 10, {"Linux": "6.18"}), shown(what=CLOSE),
                        datetime.date(2026, 11, 28))
    assert "1 with a cutting stop" in text and "with a socket" in text and "     - unchanged\n" in text
    assert "0 lost something of others, and on 0 what is stopped" in text and "systemd renewed" in text
