"""`python -m self_attention.train`: what it learns, how it goes on, what it refuses, and what two processes change."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import termios
from itertools import product
from types import SimpleNamespace

import pytest
import torch

from self_attention import nn, train
from self_attention.training.bar import watched as is_watched
from self_attention.training.log import digest

NUMBERS = dict(zip("un deux trois quatre cinq".split(), "one two three four five".split(), strict=True))
TINY = "--d-model 16 --h 2 --d-ff 32 --layers 1 1 --batch 15 --rate 0.01".split()
COMMAND = [sys.executable, "-m", "self_attention.train"]


@pytest.fixture(autouse=True)
def as_it_was():
    """The command takes one thread and handles signals: put things right again."""
    threads, handlers = torch.get_num_threads(), {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    yield
    torch.set_num_threads(threads)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def pairs(tmp_path):
    """A file of pairs: all sequences of up to three of five numbers, in words."""
    path = tmp_path / "numbers.tsv"
    rows = [words for n in (1, 2, 3) for words in product(NUMBERS, repeat=n)]
    text = "".join(f"{' '.join(words)}\t{' '.join(NUMBERS[word] for word in words)}\n" for words in rows)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def run(pairs, tmp_path):
    """Run the command in this process: run(name, *words) -> its log, the bytes of its weights."""

    def run(name, *words):
        out, log = tmp_path / f"{name}.safetensors", tmp_path / f"{name}.json"
        train.main(*TINY, "--pairs", str(pairs), "--out", str(out), "--log-file", str(log), *map(str, words))
        return json.loads(log.read_text(encoding="utf-8")), out.read_bytes()

    return run


def asked(*words):
    """The command's options, checked."""
    found = train.options().parse_args(["--out", "mine.safetensors", *words])
    train.check(found)
    return found


# What it does


def test_it_learns_both_directions_and_says_so(run, tmp_path, capsys):
    log, _ = run("both", "--steps", 400)
    model = nn.load(tmp_path / "both.safetensors")
    assert model.translate(["<2en> deux un", "<2fr> five four one"]) == ["two one", "cinq quatre un"]
    test = {name: shares["all"] for name, shares in log["test"].items()}
    assert test.keys() == {"fr-en sentences", "en-fr sentences"}
    assert all(share["sentences"] == 7 and share["exact"] > 80 for share in test.values()), test  # 155 // 20
    assert [step for step, _ in log["curve"]] == [100, 200, 300, 400]
    assert log["options"]["rate"] == 0.01 and log["command"].startswith("python -m self_attention.train --d-model 16")
    out, err = capsys.readouterr()
    assert f"step 400 of 400, loss {log['curve'][-1][1]}" in out and err == ""
    card = (tmp_path / "both.md").read_text(encoding="utf-8")
    assert "numbers.tsv: 148 pairs to learn from, 7 to test" in card and "licence" not in card


def test_one_direction_and_other_languages(run, tmp_path):
    log, _ = run("single", "--steps", 2, "--languages", "a", "b", "--to", "a")
    assert log["test"].keys() == {"b-a sentences"}
    assert nn.load(tmp_path / "single.safetensors").source.words[4:7] == ["<2a>", "cinq", "deux"]


def test_the_seed_decides_and_repeats(run):
    first, again, other = (run("seed", "--steps", 5, "--seed", seed) for seed in (0, 0, 1))
    assert first[1] == again[1] != other[1]


def test_an_interrupted_run_goes_on_to_the_very_same_weights(run, tmp_path, monkeypatch, capsys):
    whole, weights = run("model", "--steps", 120)
    words = ["--steps", 120, "--checkpoint", tmp_path / "kept", "--every", 50]

    def interrupt(steps, first=0):
        return lambda step, loss: step in (20, 110) and first < 100 and os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(train, "progress", interrupt)
        for step in (20, 110):
            with pytest.raises(SystemExit) as stopped:
                run("model", *words)
            assert stopped.value.code == 130
            said = capsys.readouterr().err
            assert f"stopped after step {step + 1} of 120" in said and "the same command goes on" in said
    resumed, same = run("model", *words)
    assert same == weights
    assert resumed["curve"] == whole["curve"] and resumed["test"] == whole["test"]
    assert run("model", *words)[1] == weights  # a finished run is not trained any further


def test_without_a_checkpoint_an_interrupted_run_says_that_nothing_is_kept(run, monkeypatch, capsys):
    monkeypatch.setattr(train, "progress", lambda *_: lambda step, loss: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(SystemExit):
        run("model", "--steps", 9)
    assert capsys.readouterr().err == "stopped after step 2 of 9, not saved\n"


def test_two_processes_take_the_very_steps_of_one(pairs, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    two = [sys.executable, "-m", "torch.distributed.run", "--master-port", port, "--nproc-per-node", "2"]
    logs, kept, said = {}, {}, {}  # 296 examples: shares of 30 and 29, or, in one batch of each round, of 1 and 0
    for name, command in (("one", COMMAND), ("two", [*two, *COMMAND[1:]])):
        files = {"out": "safetensors", "log-file": "json", "checkpoint": "kept"}
        words = [word for option, end in files.items() for word in (f"--{option}", tmp_path / f"{name}.{end}")]
        words = [*TINY, "--batch", "59", "--steps", "200", "--smoothing", "0.1", "--pairs", pairs, *words]
        done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        logs[name] = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
        kept[name] = torch.load(tmp_path / f"{name}.kept", weights_only=True)["training"]["model"]
        said[name] = done.stdout.splitlines()
    one, two = logs.values()
    assert (one["processes"], two["processes"]) == (1, 2) and len(two["seconds"]["CPU of each process"]) == 2
    assert two["command"].startswith("torchrun --nproc-per-node 2 -m self_attention.train --d-model")
    assert len(said["one"]) == len(said["two"])  # one of the two speaks
    for (step, alone), (same, together) in zip(one["curve"], two["curve"], strict=True):
        assert step == same and together == pytest.approx(alone, rel=1e-5, abs=1.1e-4)  # four digits are kept
    assert one["test"] == two["test"]
    for name, weights in kept["one"].items():
        if not name.endswith(
            "keys.bias"
        ):  # it moves no weight of attention: its gradient is rounding, which Adam enlarges
            torch.testing.assert_close(kept["two"][name], weights, rtol=0, atol=1e-4, msg=name)


# The data


def test_what_is_held_out_is_nowhere_in_training(tmp_path):
    path = tmp_path / "pairs.tsv"
    rows = [f"left {i // 2}\tright {i if i % 3 else i % 30}" for i in range(400)]  # either side comes back
    path.write_text("\n".join([*rows, rows[0].replace(" ", "   ")]), encoding="utf-8-sig")
    learn, tests = train.parts(asked("--pairs", str(path)))
    held = tests["sentences"]
    assert (
        held and not {a for a, _ in held} & {a for a, _ in learn} and not {b for _, b in held} & {b for _, b in learn}
    )
    assert learn[0] == ("left 0", "right 0") and len(learn) == len(set(learn)) == 400 - 20


def test_size_and_length_can_be_limited(pairs):
    for words, sizes in ((["--size", "7"], {1, 2}), (["--max-len", "2"], {1, 2})):
        learn, tests = train.parts(asked("--pairs", str(pairs), *words))
        assert {train.longer(pair) for pair in learn} <= sizes and len(learn) <= 30
        assert len(tests["sentences"]) == 7


def test_the_book_trains_on_its_corpus_greetings_and_phrases():
    learn, tests = train.parts(asked())
    assert ("bonjour", "hello") in learn
    lengths = [train.longer(pair) for pair in tests["sentences"]]
    assert sum(n <= 30 for n in lengths) == 2000 and sum(n > 30 for n in lengths) > 300
    assert max(map(train.longer, learn)) == 30 and len(tests["phrases"]) == 500
    held_out = {pair.fr for its in tests.values() for pair in its}
    assert len(learn) == 49_448 and not any(held_out & {pair.fr, *pair.fr.split(" , ")} for pair in learn)
    assert not {pair.en for its in tests.values() for pair in its} & {pair.en for pair in learn}
    facts = nn.load("transformer_both").facts
    assert facts["corpus"] == digest([learn, tests]), "the corpus has changed: train again (training/README.md)"


def test_figures_are_by_direction_length_and_apart_beyond_what_was_seen():
    def exact(pairs):
        return torch.tensor(["wrong" not in pair[0] for pair in pairs]).numpy()

    tests = {"sentences": [("a", "b"), ("wrong", "b"), ("a a a a a a", "b"), ("a", "b b b b b b b")]}
    found = train.figures(SimpleNamespace(exact=exact), tests, seen=6, languages=["fr", "en"], to=["en"])
    of_two, of_one = {"sentences": 2, "exact": 50.0}, {"sentences": 1, "exact": 100.0}
    assert found == {
        "fr-en sentences": {"all": {"sentences": 3, "exact": 66.67}, "1-5": of_two, "6-10": of_one},
        "fr-en sentences longer than any in training": {"all": of_one, "7": of_one},
    }


# What it refuses


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        (b"merci\tthanks\nmerci\n", "line 2: expected a sentence, a tab, a translation, got b'merci'"),
        (b"merci\tthanks\n\n", "line 2: expected a sentence, a tab, a translation, got b''"),
        (b"merci\tthanks\tdanke\n", "line 1: expected a sentence, a tab, a translation"),
        (b"merci\t \n", "line 1: expected a sentence, a tab, a translation"),
        (b"merci\tthanks\nna\xefve\tnaive\n", r"line 2: expected UTF-8, got b'na\xefve\tnaive'"),
        (b"merci\t<unk>\n", "line 1: <unk> is a special token, not a word"),
        (b"merci\tthanks\n", "expected pairs enough to hold one sentence in 20 out, got 1"),
        (b"", "expected pairs enough to hold one sentence in 20 out, got 0"),
    ],
)
def test_a_file_that_holds_no_pairs_is_refused(content, says, tmp_path, capsys):
    if content is not None:
        (tmp_path / "bad.tsv").write_bytes(content)
    with pytest.raises(SystemExit) as stopped:
        train.main("--pairs", str(tmp_path / "bad.tsv"), "--out", str(tmp_path / "x.safetensors"))
    err = capsys.readouterr().err
    assert stopped.value.code == 2 and says in err and "bad.tsv" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("--h 3", "expected h to divide d_model, got h = 3 and d_model = 64"),
        ("--d-model 5 --h 1", "d_model"),
        ("--steps 0", "--steps: expected at least 1, got 0"),
        ("--batch x", "--batch: invalid int value: 'x'"),
        ("--seed -1", "--seed: expected 0 or more, got -1"),
        ("--rate 0", "--rate: expected more than 0, got 0"),
        ("--rate nan", "--rate: expected more than 0, got nan"),
        ("--smoothing 1", "--smoothing: expected 0 or more and less than 1, got 1"),
        ("--layers 1", "--layers: expected 2 arguments"),
        ("--to de", "expected --to to be one or both of fr, en, got de"),
        ("--to en en", "expected --to to be one or both of fr, en, got en en"),
        ("--languages fr fr", "expected --languages to be two different names"),
        ("--max-len 1 --size 3 --out nowhere/x.safetensors", "there is no folder nowhere"),
        ("--out x.pt", "expected --out to end in .safetensors, got x.pt"),
        ("--log-file nowhere/x.json", "--log-file nowhere/x.json: there is no folder nowhere"),
        ("--checkpoint .", "expected --checkpoint to be a file, got the folder ."),
        ("--checkpoint numbers.tsv", "expected --checkpoint numbers.tsv to be one of this command, got something else"),
    ],
)
def test_options_that_cannot_be_are_refused(words, says, pairs, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        train.main("--out", "x.safetensors", "--pairs", "numbers.tsv", *words.split())
    assert stopped.value.code == 2 and says in capsys.readouterr().err
    assert not (tmp_path / "x.safetensors").exists()


def test_languages_and_length_must_leave_something(tmp_path, capsys):
    for words, says in (
        (["--languages", "de", "en"], "--languages belongs to --pairs: the book's corpus is fr en"),
        (["--out", str(tmp_path / "x.safetensors"), "--pairs", str(tmp_path / "long.tsv"), "--max-len", "1"],
         "--max-len 1 leaves no pair to learn from"),
    ):  # fmt: skip
        (tmp_path / "long.tsv").write_text("".join(f"a {i}\tb {i}\n" for i in range(40)), encoding="utf-8")
        with pytest.raises(SystemExit):
            train.main("--out", "x.safetensors", *words)
        assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--rate", "0.02"], "is of another run: --rate 0.01, got 0.02"),
        (["--seed", "1"], "is of another run: --seed 0, got 1"),
        (["--d-ff", "8"], "is of another run: --d-ff 32, got 8"),
        (["--steps", "5"], "is of another run: --steps 4, got 5"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(words, says, run, tmp_path, capsys):
    run("model", "--steps", 4, "--checkpoint", tmp_path / "kept")
    with pytest.raises(SystemExit) as stopped:
        run("model", "--steps", 4, "--checkpoint", tmp_path / "kept", *words)
    assert stopped.value.code == 2 and says in capsys.readouterr().err


def test_a_checkpoint_of_other_pairs_is_refused(run, pairs, tmp_path, capsys):
    run("model", "--steps", 4, "--checkpoint", tmp_path / "kept")
    pairs.write_text(pairs.read_text(encoding="utf-8") + "zéro\tzero\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        run("model", "--steps", 4, "--checkpoint", tmp_path / "kept")
    assert "is of another run: its --pairs were others" in capsys.readouterr().err


def test_help_explains_every_option():
    actions = [action for action in train.options()._actions if action.option_strings]
    assert len(actions) == 22 and all(action.help for action in actions)
    for action in actions:
        if action.default not in (None, "==SUPPRESS==", 0) and not isinstance(action.default, list):
            assert "default" in action.help, action.option_strings


@pytest.mark.parametrize("device", ["nowhere", "meta", "cuda:99"])
def test_a_device_that_does_not_compute_is_refused(device, capsys):
    with pytest.raises(SystemExit):
        asked("--device", device)
    assert f"expected a device of this machine such as cpu, got {device}" in capsys.readouterr().err


def test_a_device_belongs_to_one_process(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert asked("--device", "cpu").device == "cpu"
    with pytest.raises(ValueError, match="expected --device to be cpu under torchrun, got cuda"):
        train.check(SimpleNamespace(**vars(asked()) | {"device": "cuda"}))


def test_a_run_may_go_on_elsewhere(run, tmp_path):
    """The device is no part of what makes a run: the kept one has none, as those of earlier versions."""
    whole = run("whole", "--steps", 6)[1]
    assert run("again", "--steps", 6, "--device", "cpu")[1] == whole
    log, _ = run("kept", "--steps", 6, "--checkpoint", tmp_path / "kept")
    assert "device" not in torch.load(tmp_path / "kept")["options"] and "device" not in log["options"]


@pytest.mark.skipif(not torch.accelerator.is_available(), reason="this machine has no accelerator")
def test_it_trains_on_an_accelerator(run):
    device = torch.accelerator.current_accelerator().type
    log, weights = run("there", "--steps", 200, "--device", device)
    assert log["curve"][-1][1] < log["curve"][0][1] and weights


def test_accents_of_pairs_are_composed(tmp_path):
    (tmp_path / "pairs.tsv").write_text("e\u0301te\u0301\tsummer\n\u00e9t\u00e9\tsummer\n", encoding="utf-8")
    assert train.read(tmp_path / "pairs.tsv") == [("\u00e9t\u00e9", "summer")]


# The bar


def test_a_bar_grows_in_a_terminal_and_not_in_a_file():
    code = "import time; from self_attention.training import progress, watch; report = progress(30)\n"
    code += "for step in watch(range(1, 31)): time.sleep(0.02); report(step, 1 / step)"
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    os.set_blocking(ours, False)
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        subprocess.run([sys.executable, "-c", code], stderr=theirs, check=True, timeout=60)
        shown = (terminal.read(65536) or b"").decode()  # while the other end is open
        os.close(theirs)
    assert "0/30" in shown and "loss=" in shown
    quiet = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert quiet.stderr == b""


@pytest.mark.parametrize("watched", [True, False])
def test_a_notebook_is_watched_if_its_front_end_can_answer(watched, monkeypatch):
    kernel = SimpleNamespace(get_parent=lambda: {"content": {"allow_stdin": watched}})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=kernel)))
    assert is_watched() is watched
