"""Execute, normalise and check the notebooks, so that what is committed is what runs.

python tools/notebooks.py execute    [notebook ...]   run each one alone, then normalise it
python tools/notebooks.py normalise  [notebook ...]   rewrite the file, run nothing
python tools/notebooks.py check      [notebook ...]   say what is wrong with it; exit 1 if anything is

Without a notebook: all of notebooks/ and of notebooks/solutions/. The rules are explained in CONTRIBUTING.md.
"""

import argparse
import ast
import copy
import html
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from statistics import median

import nbclient
import nbformat
import yaml
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT = 120  # seconds for one cell
TAGS = {"hide-cell", "hide-input", "raises-exception", "nbval-ignore-output", "finding", "example"}  # CONTRIBUTING.md

SETUP = """\
try:
    import self_attention
except ImportError:  # on Colab, for one
    %pip install -q "self-attention[plots,torch] @ git+{url}@{branch}"
from self_attention import plots
plots.style()"""

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def setup_source():
    """The source of every notebook's first code cell; its address comes from _config.yml."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    return SETUP.format_map(config["repository"])


# Execute -------------------------------------------------------------------------------------------------------------


def execute(notebook, folder):
    """Run all cells in a fresh kernel that starts in `folder`; the outputs are stored in `notebook`."""
    nbclient.execute(notebook, cwd=str(folder), timeout=TIMEOUT, kernel_name="python3", coalesce_streams=True)


# Normalise -----------------------------------------------------------------------------------------------------------


def normalise(notebook):
    """A copy of `notebook` without anything that changes from run to run or from machine to machine."""
    notebook = nbformat.convert(copy.deepcopy(notebook), 4)
    kept = {key: value for key, value in notebook.metadata.items() if key in ("myst", "mystnb")}
    notebook.metadata = nbformat.from_dict(
        {
            **kept,
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "pygments_lexer": "ipython3"},
        }
    )
    notebook.nbformat_minor = 5
    notebook.cells = [cell for cell in notebook.cells if cell.source.strip()]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if code:
        code[0].source = setup_source()
        code[0].metadata["tags"] = ["hide-cell"]
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"c{number:03}"
        cell.source = cell.source.rstrip()
        cell.metadata = {key: value for key, value in cell.metadata.items() if key in ("tags", "mystnb")}
        for output in cell.get("outputs", []):
            normalise_output(output)
    return notebook


def normalise_output(output):
    """Drop a widget's model id, which is random (GitHub then shows its static table), and the paths of a traceback."""
    if "data" in output:
        output.data.pop(WIDGET_VIEW, None)
        output.metadata.pop(WIDGET_VIEW, None)
    if output.output_type == "error":
        output.traceback = [f"{output.ename}: {output.evalue}"]


# Check ---------------------------------------------------------------------------------------------------------------


def problems(text):
    """What is wrong with the notebook file whose content is `text`: a list of sentences, empty if all is well."""
    notebook = nbformat.reads(text, as_version=4)
    found = [] if text == nbformat.writes(normalise(notebook)) + "\n" else ["is not normal: run `make notebooks`"]
    kind = [check_solutions] if is_solutions(notebook) else [check_chapter, check_exercises]
    checks = [check_titles, *kind, check_code, check_outputs, check_numbers, check_words, check_findings]
    return found + [problem for check in checks for problem in check(notebook)]


def cells_of(notebook, kind):
    """Pairs of (what to call it, cell), for the cells of one kind; all cells are counted, from 1."""
    return [(f"cell {i}", cell) for i, cell in enumerate(notebook.cells, start=1) if cell.cell_type == kind]


def is_solutions(notebook):
    """Say whether this is not a chapter but the solutions of one."""
    return notebook.cells[0].source.startswith("# Solutions")


def titles(notebook):
    """All headings: (what to call the cell, level, title)."""
    for name, cell in cells_of(notebook, "markdown"):
        for marks, title in re.findall(r"^(#{1,6}) +(.+?) *$", FENCE.sub("", cell.source), re.MULTILINE):
            yield name, len(marks), title


def check_titles(notebook):
    """One H1 first, levels in order."""
    first = notebook.cells[0]
    if first.cell_type != "markdown" or not first.source.startswith("# "):
        yield "cell 1: the chapter must open with its title, `# ...`"
    before = 0
    for name, level, title in titles(notebook):
        if level == 1 and before:
            yield f"{name}: a second H1, “{title}”"
        if level > before + 1:
            yield f"{name}: heading “{title}” jumps from level {before} to {level}"
        before = level


def check_chapter(notebook):
    """The opening's three headings, and a Further reading that leads somewhere."""
    first = notebook.cells[0]
    for phrase in ("What you'll do", "What you'll learn", "What you need"):
        if phrase not in first.source.replace("’", "'"):
            yield f"cell 1: “{phrase}” is missing"

    reading = "\n".join(cell.source for _, cell in cells_of(notebook, "markdown")).rpartition("## Further reading")[2]
    links = set(re.findall(r"https?://[^\s)>\]]+", reading))
    if [title for _, _, title in titles(notebook)][-1:] != ["Further reading"]:
        yield "the last section must be “## Further reading”"
    elif len(links) < 5:
        yield f"Further reading links to {len(links)} outside sources, expected 5 or more"


EXERCISE = re.compile(r"^\*\*(\d+)\. (.+?)\*\*", re.MULTILINE)
OPTION = re.compile(r'^<details name="([\w-]+)" class="choice( right)?">\n(.*?)^</details>$', re.MULTILINE | re.DOTALL)


def last_check(cell):
    """The name of the check that is a code cell's last expression, or None."""
    found = re.search(r"^check\.(\w+)\(.*\)\Z", cell.source, re.MULTILINE) if cell.cell_type == "code" else None
    return found and found[1]


def said(cell):
    """What a code cell shows last."""
    return printed(cell.outputs[-1]).strip() if cell.outputs else ""


def exercises_of(notebook):
    """The exercises of a chapter: (what to call it, number, title, its text, its code cell or None)."""
    inside = False
    for i, cell in enumerate(notebook.cells):
        if cell.cell_type != "markdown":
            continue
        _, opens, after = cell.source.rpartition("## Exercises\n")
        inside = inside or bool(opens)
        if inside:
            text = after.partition("\n## ")[0]
            starts = [*EXERCISE.finditer(text)]
            ends = [start.start() for start in starts[1:]] + [len(text)]
            answer = next((after for after in notebook.cells[i + 1 : i + 2] if last_check(after)), None)
            for start, end in zip(starts, ends, strict=False):
                body = text[start.end() : end]
                yield f"exercise {start[1]}", int(start[1]), start[2], body, answer if end == len(text) else None


def check_exercises(notebook):
    """One to three choices and four to six exercises that a check answers, each with a way to what explains it."""
    if not any(title == "Exercises" for _, _, title in titles(notebook)):
        return  # tests/test_check.py asks for them in each chapter
    exercises = [*exercises_of(notebook)]
    choices = [text for _, _, _, text, _ in exercises if OPTION.search(text)]
    if [number for _, number, *_ in exercises] != list(range(1, len(exercises) + 1)):
        yield f"exercises are numbered {[number for _, number, *_ in exercises]}"
    names = [OPTION.search(text)[1] for text in choices] + [last_check(answer) for *_, answer in exercises if answer]
    if len(set(names)) < len(names):
        yield f"two exercises have one name, by which the page counts them: {sorted(names)}"
    if not 1 <= len(choices) <= 3:
        yield f"{len(choices)} multiple-choice exercises, expected 1 to 3"
    if not 4 <= len(exercises) - len(choices) <= 6:
        yield f"{len(exercises) - len(choices)} exercises with a check, expected 4 to 6"
    for name, number, title, text, answer in exercises:
        if OPTION.search(text):
            yield from (f"{name}: {problem}" for problem in check_choice(text))
            continue
        if f".ipynb#{number}.-{title.rstrip('.?!').replace(' ', '-')})" not in text:
            yield f"{name}: no link to its solution, `[Solution](solutions/NAME.ipynb#{number}.-...)`"
        if answer is None:
            yield f"{name}: must be followed by a code cell that ends in its check, on one line"
        elif said(answer) != f"{last_check(answer)}: not answered yet.":
            yield f"{name}: the chapter shows {said(answer)!r}, expected that it is not answered yet"


def check_choice(text):
    """One name, three or more options, one of them right; each says why, and a wrong one leads to an explanation."""
    options = OPTION.findall(text)
    if len({name for name, _, _ in options}) > 1 or len(options) != text.count("<details"):
        yield 'each option must begin with <details name="..." class="choice"> or "choice right", with one name'
    if len(options) < 3 or sum(bool(right) for _, right, _ in options) != 1:
        yield "a choice needs three options or more, and one of them right"
    for _, right, body in options:
        option, _, why = body.partition("</summary>\n\n")
        if not why.startswith("**Right.**" if right else "**No.**"):
            yield f"the explanation must begin with **Right.** or **No.**: {option}"
        if re.search("[*`$]", option):
            yield f"an option is HTML, so write <em>...</em> or <code>...</code>: {option}"
        if not right and not re.search(r"\]\([^)]*#[^)]+\)", why):
            yield f"a wrong option must link to the section that explains it: {option}"


def check_solutions(notebook):
    """A link back, and for each section words that are folded away and a folded cell whose check says “right”."""
    if not re.search(r"\]\(\.\./\w+\.ipynb#Exercises\)", notebook.cells[0].source):
        yield "cell 1: no link back to the exercises, `../NAME.ipynb#Exercises`"
    for name, level, title in titles(notebook):
        if level == 2 and not re.match(r"\d+\. ", title):
            yield f"{name}: the heading must be an exercise's number and title, came “{title}”"
    for i, cell in enumerate(notebook.cells):
        name = f"cell {i + 1}"
        if cell.cell_type == "markdown" and i and "<details>" not in cell.source:
            yield f"{name}: a solution in words stands in <details>"
        if cell.cell_type == "code" and "check." in cell.source:
            if "hide-cell" not in cell.metadata.get("tags", []):
                yield f"{name}: a solution's cell has the tag hide-cell"
            if said(cell).splitlines()[-1:] != [f"{last_check(cell)}: right."]:
                yield f"{name}: the check says {said(cell)!r}"


FETCHES = re.compile(r"https?://|\burllib\b|\brequests\b|^\s*[!%]", re.MULTILINE)


def check_code(notebook):
    """Small cells, known tags, executed once from top to bottom, nothing fetched, one style sheet."""
    code = cells_of(notebook, "code")
    lengths = [sum(bool(line.strip()) for line in cell.source.splitlines()) for _, cell in code]
    if code and median(lengths) > 4 and not is_solutions(notebook):
        yield f"the median code cell has {median(lengths):g} lines, expected at most 4"
    if sum("nbval-ignore-output" in cell.metadata.get("tags", []) for _, cell in code) > 1:
        yield "more than one cell is tagged nbval-ignore-output"
    if [cell.execution_count for _, cell in code] != list(range(1, len(code) + 1)):
        yield "was not executed once from top to bottom: run `make notebooks`"
    for (name, cell), length in zip(code, lengths, strict=True):
        if length > 15:
            yield f"{name}: {length} lines, expected at most 15"
        if cell.source.endswith(";"):
            yield f"{name}: ends with a semicolon; end with an assignment instead"
        if "rcParams" in cell.source:
            yield f"{name}: sets rcParams; the style lives in src/self_attention/book.mplstyle"
    for name, cell in code[1:]:
        if FETCHES.search(cell.source):
            yield f"{name}: a download, a magic or a shell command; only the setup cell may have one"
    for i, cell in enumerate(notebook.cells, start=1):
        for tag in sorted(set(cell.metadata.get("tags", [])) - TAGS):
            yield f"cell {i}: tag {tag!r} is not one of {', '.join(sorted(TAGS))}"


def check_outputs(notebook):
    """No stderr, nothing that belongs to one machine, and every figure described in words."""
    for name, cell in cells_of(notebook, "code"):
        for output in cell.outputs:
            data = output.get("data", {})
            if output.get("name") == "stderr":
                yield f"{name}: writes to stderr: {output.text.strip().splitlines()[0]}"
            if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", []):
                yield f"{name}: raises {output.ename} without the tag raises-exception"
            machine = re.search(r"\b0x[0-9a-f]{6,}|(?<![\w.])/(?:home|Users|root|tmp)/\S+", printed(output))
            if machine:
                yield f"{name}: prints {machine[0]}, which belongs to one machine and one run"
            if any(mime.startswith("image/") for mime in data):
                mystnb = cell.metadata.get("mystnb", {})
                for key, value in (("image", "alt"), ("figure", "caption")):
                    if len(mystnb.get(key, {}).get(value, "").split()) < 4:
                        yield f"{name}: a figure without words: set mystnb.{key}.{value} in the cell's metadata"


# Prose never states a figure that no cell prints ---------------------------------------------------------------------

FENCE = re.compile(r"^(`{3,}|~{3,})(?!\{(?!code|eval)).*?^\1", re.DOTALL | re.MULTILINE)  # code, not an admonition
NOT_PROSE = [
    FENCE,
    re.compile(r"^[`~:]{3,}(\{[^}]*\})?", re.MULTILINE),  # an admonition's marks
    re.compile(r"(?<!`)(`+)(?!`)(?:(?!\n\n).)+?(?<!`)\1(?!`)", re.DOTALL),  # code
    re.compile(r"\]\([^)]*\)|https?://\S+|</?[a-z][\w-]*(?: +[\w-]+=[^<>]*)?/?>"),  # addresses and HTML tags
    re.compile(
        r"(?:\b(?:sections?|sec\.|chapters?|ch\.|figures?|fig\.|tables?|python|version|arxiv:?)|§) *[\d.]+", re.I
    ),
    re.compile(r"\\[A-Za-z]+"),  # \times0.5
]
NUMBER = re.compile(r"(?<![\w.])(\d*\.\d+(?:[eE][+-]?\d+)?)(?!\.?\d)(?: ?\\?(%))?")


def check_numbers(notebook):
    """Every decimal number in prose, formulas and captions is printed by some cell of the notebook, digit for digit."""
    outputs = "\n".join(printed(output) for _, cell in cells_of(notebook, "code") for output in cell.outputs)
    outputs = re.sub(r"(?<=\d)\.(?!\d)", ".0", outputs)  # NumPy prints 1.0 as 1.
    shown = set().union(*decimals(outputs).values())
    for i, cell in enumerate(notebook.cells, start=1):
        for number, values in decimals(prose(cell)).items():
            if shown.isdisjoint(values):
                yield f"cell {i}: the prose says {number}, but no cell prints it"


def prose(cell):
    """The words and formulas of a cell, without code, addresses and labels such as “section 3.2”."""
    if cell.cell_type == "code":
        mystnb = cell.metadata.get("mystnb", {})
        return f"{mystnb.get('image', {}).get('alt', '')} {mystnb.get('figure', {}).get('caption', '')}"
    text = re.sub(r"\{math\}`([^`]*)`", r"$\1$", cell.source)
    for pattern in NOT_PROSE:
        text = pattern.sub(" ", text)
    return text


def printed(output):
    """What a reader sees of one output, as text."""
    data = output.get("data", {})
    page = re.sub(r"<(script|style)\b.*?</\1>|<[^>]*>", " ", data.get("text/html", ""), flags=re.DOTALL)
    texts = (output.get("text", ""), data.get("text/plain", ""), output.get("evalue", ""), html.unescape(page))
    return "\n".join(texts)


def decimals(text):
    """The unsigned decimal numbers in a text: what is written -> the values it stands for (12.9 % is also 0.129)."""
    found = {}
    for number, percent in NUMBER.findall(re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)):
        values = [Decimal(number), Decimal(number).scaleb(-2)] if percent else [Decimal(number)]
        found[f"{number} {percent}".strip()] = {value.as_tuple() for value in values}
    return found


# A measured number in words is printed, too: “nearly half”, “about five times” ----------------------------------------

UNITS = "one two three four five six seven eight nine ten".split()
COUNTS = {word: number for number, word in enumerate(UNITS, start=1)} | {"a": 1, "an": 1, "twice": 2, "half": 0.5}
COUNTS |= {"a hundred": 100, "a thousand": 1000, "a million": 10**6}
PARTS = {"third": 3, "quarter": 4, "fifth": 5, "sixth": 6, "eighth": 8, "tenth": 10, "hundredth": 100}
UP, DOWN = ("more than", "over", "at least"), ("less than", "fewer than", "under", "at most", "up to")
HEDGE = "|".join((*UP, *DOWN, "about", "nearly", "almost", "roughly", "exactly", "not quite"))
COUNT, PART = "|".join(sorted(COUNTS, key=len, reverse=True)), "|".join(PARTS)
IN_WORDS = re.compile(
    rf"\b(?:(?P<hedge>{HEDGE}) )?(?:(?P<count>{COUNT}) (?:(?P<part>{PART})s?|(?P<percent>per ?cent)|times(?! in\b))"
    rf"|(?P<of>{'|'.join(UNITS)}) (?:times )?in (?P<all>{'|'.join(UNITS[1:])}|a hundred)|(?P<plain>half|twice))\b"
    r"(?P<unit> an? )?",
    re.IGNORECASE,
)


def check_words(notebook):
    """What is said to be about so much, in words, a cell near by has printed: see CONTRIBUTING.md."""
    heads = [i for i, cell in enumerate(notebook.cells) if re.search(r"^##", FENCE.sub("", cell.source), re.MULTILINE)]
    code = [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    for i, cell in enumerate(notebook.cells):
        start = max((head for head in heads if head < i), default=0)  # its section; two, if it begins one
        end = min((head for head in heads if head > i), default=len(notebook.cells))
        near = numbers(cell for at, cell in code if start < at < end) or numbers(cell for _, cell in code)
        for match in IN_WORDS.finditer(re.sub(r"\s+", " ", prose(cell))):
            measured = match["hedge"] or match["percent"] or (match["plain"] == "half" and match["unit"])
            if measured and not any(is_meant(match, number) for number in near):
                yield f"cell {i + 1}: the prose says “{match[0].strip()}”, but no cell of its section prints it"


def numbers(cells):
    """All numbers that some code cells print; 52 % is 0.52."""
    text = "\n".join(printed(output) for cell in cells for output in cell.outputs)
    found = re.findall(r"(?<![\w.])(\d+(?:\.\d+)?|\.\d+)(?: ?(%))?(?![\w%])", re.sub(r"(?<=\d),(?=\d{3}\b)", "", text))
    return {float(number) / (100 if percent else 1) for number, percent in found}


def is_meant(match, number):
    """Say whether a number in words, such as “more than a third”, may mean this number."""
    match = {key: value and value.lower() for key, value in match.groupdict().items()}
    if match["of"]:
        value = COUNTS[match["of"]] / COUNTS[match["all"]]
    else:
        value = COUNTS[match["count"] or match["plain"]] / PARTS.get(match["part"], 100 if match["percent"] else 1)
    low = 1 if match["hedge"] in UP else 0.5 if match["hedge"] in DOWN else 0.88
    high = 2 if match["hedge"] in UP else 1 if match["hedge"] in DOWN else 1.12
    return low * value <= number <= high * value


# A finding about trained parameters says over how many seeds ---------------------------------------------------------

TRAINS = {"load", "logs", "train", "fit", "step"}  # nn.load, nn.logs, training.train, optimizer.step
SENTENCE = re.compile(r"(?<=[.!?:])\)?\**\s+|\n\s*\n|\n(?=\s*[-*|\d])")
SEEDS = re.compile(r"\bseeds?\b", re.IGNORECASE)


def check_findings(notebook):
    """A number of a trained model is an `example`, or a `finding`: then the sentence that states it speaks of seeds."""
    trained, findings, others = trained_cells(notebook), set(), set()
    for i, cell in enumerate(notebook.cells):
        tags, results = set(cell.metadata.get("tags", [])), measured(as_text(cell))
        if results and i in trained and not tags & {"finding", "example"}:
            yield f"cell {i + 1}: prints a number of a trained model; tag it `finding` or `example`"
        (findings if "finding" in tags else others).update(results)
        if "finding" in tags:
            around = [*(c for c in notebook.cells[:i] if c.cell_type == "markdown")][-1:]
            around += [*(c for c in notebook.cells[i:] if c.cell_type == "markdown")][:1]
            if not any(SEEDS.search(prose(c)) for c in around):
                yield f"cell {i + 1}: a finding, but the text beside it does not say over how many seeds"
    for i, cell in enumerate(notebook.cells):
        for sentence in SENTENCE.split(prose(cell)):
            for number in sorted(measured(sentence) & findings - others):
                if not SEEDS.search(sentence) and not sentence.lstrip().startswith("|"):
                    yield f"cell {i + 1}: {number} is a finding; its sentence must say over how many seeds"


def trained_cells(notebook):
    """The places of the code cells that train, load, or use a name to which an earlier cell gave what was trained."""
    trained, found = set(), set()
    for i, cell in enumerate(notebook.cells):
        source = re.sub(r"^(\s*)[%!].*", r"\1pass", cell.source, flags=re.MULTILINE)
        for statement in ast.parse(source).body if cell.cell_type == "code" else []:
            nodes = [*ast.walk(statement)]
            names = [node for node in nodes if isinstance(node, ast.Name)]
            functions = [node.func for node in nodes if isinstance(node, ast.Call)]
            calls = {getattr(function, "attr", "") for function in functions} & TRAINS
            calls |= {getattr(function, "id", "") for function in functions} & TRAINS - {"step"}
            named = {node.id for node in names if isinstance(node.ctx, ast.Store)}
            loops = [node.target for node in nodes if isinstance(node, (ast.For, ast.comprehension))]
            own = {name.id for target in loops for name in ast.walk(target) if isinstance(name, ast.Name)}
            read = {node.id for node in names if isinstance(node.ctx, ast.Load)} - own
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                read -= named | {node.arg for node in nodes if isinstance(node, ast.arg)}
                named = {statement.name}
            elif isinstance(statement, ast.AugAssign):
                read |= named
            if calls or read & trained:
                found.add(i)
                trained |= named | {root(node) for node in nodes if changes(node)}
            else:
                trained -= named
    return found


def changes(node):
    """Say whether this piece of a program puts something into a container that it has: `a[0] = b`, `a.append(b)`."""
    if isinstance(node, ast.Call):
        return getattr(node.func, "attr", "") in {"append", "extend", "update", "add"}
    return isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store)


def root(node):
    """The name at the beginning of an expression such as `a.b[0].append`."""
    while not isinstance(node, ast.Name):
        node = getattr(node, "func", None) or getattr(node, "value", None)
        if node is None:
            return ""
    return node.id


def as_text(cell):
    """What a code cell prints, without figures and live elements."""
    texts = (out.get("text", out.get("data", {}).get("text/plain", "")) for out in cell.get("outputs", []))
    return " ".join(re.sub("<Figure size .*?>", "", text) for text in texts)


def measured(text):
    """The decimal numbers and the percentages in a text, as they are written."""
    return {re.sub(r"\s|\\", "", number) for number in re.findall(r"(?<![\w.])(?:\d*\.\d+|\d+ ?\\?%)(?: ?\\?%)?", text)}


# Command line --------------------------------------------------------------------------------------------------------


def run(path):
    """Execute and normalise one notebook file; returns what went wrong, or an empty string."""
    notebook = normalise(nbformat.read(path, as_version=4))
    try:
        execute(notebook, path.parent)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        return f"{path}:\n{error}"
    nbformat.write(normalise(notebook), path)
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["execute", "normalise", "check"])
    parser.add_argument("notebooks", nargs="*", type=Path)
    arguments = parser.parse_args()
    paths = arguments.notebooks or sorted((ROOT / "notebooks").rglob("*.ipynb"))

    wrong = []
    if arguments.command == "execute":
        with ThreadPoolExecutor(max_workers=2) as pool:
            wrong = [failure for failure in pool.map(run, paths) if failure]
    elif arguments.command == "normalise":
        for path in paths:
            nbformat.write(normalise(nbformat.read(path, as_version=4)), path)
    if not wrong and arguments.command != "normalise":
        wrong = [f"{path}: {problem}" for path in paths for problem in problems(path.read_text(encoding="utf-8"))]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
