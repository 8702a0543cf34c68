"""A model as a file: parameters as float16 in the safetensors format, and all it takes to build the model again."""

import json
import os
from pathlib import Path
from typing import Any

from .. import __version__
from ..vocabulary import Vocabulary
from .base import Model
from .tagger import Tagger
from .translators import TransformerTranslator, Translator

WEIGHTS = Path(__file__).parents[1] / "weights"

KINDS: dict[str, Any] = {kind.__name__: kind for kind in (Translator, TransformerTranslator, Tagger)}


def save(model: Model, path: Path | str, **facts: Any) -> None:
    """Write a model to a safetensors file: weights as float16, and beside them all it takes to build the model again.

    Args:
        model: a Translator, a TransformerTranslator or a Tagger.
        path: of the file.
        facts: more to keep, such as seed=0; each as JSON.

    Raises:
        ValueError: it is another model, a parameter is not a number or too large for float16, a fact does not become
            JSON, the path is a folder, in none, or the name of one of the package's models.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(Tagger(Vocabulary(["merci"]), ["NOUN"], reach=1), Path(folder) / "tagger.safetensors", seed=0)
    ...     load(Path(folder) / "tagger.safetensors").facts["seed"]
    0
    """
    from safetensors.torch import save as to_bytes

    if type(model) not in KINDS.values():
        raise ValueError(f"expected model to be one of {', '.join(KINDS)}, got {type(model).__name__}")
    if path in names():
        raise ValueError(
            f"expected path not to be the name of a model of the package, got {path!r}: add .safetensors to it"
        )
    path = as_path(path)
    if path.is_dir() or not path.parent.is_dir():
        raise ValueError(f"expected path to be of a file in a folder that exists, got {str(path)!r}")
    sides = [model.source] if isinstance(model, Tagger) or model.shared else [model.source, model.target]
    facts |= {"kind": type(model).__name__, "config": model.config, "version": __version__}
    facts["words"] = [vocabulary.ordinary for vocabulary in sides]
    try:
        text = json.dumps(facts, default=lambda number: number.item())  # a NumPy number
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"expected facts to become JSON, got {facts!r:.1000}") from error
    tensors = {}
    for name, weights in model.named_parameters():  # a shared one once
        tensors[name] = weights.detach().half().cpu()
        if not tensors[name].isfinite().all():
            got = f"one of size {weights.detach().abs().max().item():g}"
            raise ValueError(f"expected {name} to hold numbers of at most 65504, as float16 does, got {got}")
    path.write_bytes(to_bytes(tensors, metadata={"facts": text}))


def names() -> list[str]:
    """Those of the models that come with the package."""
    return sorted(file.stem for file in WEIGHTS.glob("*.safetensors"))


def as_path(name: Any) -> Path:
    """The path that a string, bytes or anything like a path means."""
    try:
        return Path(os.fsdecode(name))
    except TypeError as error:
        raise ValueError(f"expected a name or a path, got {name!r}") from error


def find(name: Any) -> Path:
    """The file of one of the package's models, by its name, or else of a path; see `load`."""
    known = names()
    path = WEIGHTS / f"{name}.safetensors" if isinstance(name, str) and name in known else as_path(name)
    if not path.is_file():
        raise ValueError(f"no weights at {str(name)!r}, expected the path of a file or one of {', '.join(known)}")
    return path


def load(name: str | os.PathLike[str]) -> Any:
    """A model with the weights that `save` wrote; nothing is downloaded, nothing is unpickled.

    Args:
        name: of one of the models that come with the package, such as "translator_attention"; or the path of a file,
            such as "mine.safetensors".

    Returns:
        the model, for evaluation; `model.facts` holds what was saved beside the weights.

    Raises:
        ValueError: there is no such file, it is no safetensors file, or none that `save` wrote, it holds a model that
            this version does not know, or other weights than that model has.
        ImportError: the library safetensors is missing.

    >>> load("tagger_3").tag(["I saw a saw."])
    [['PRON', 'VERB', 'DET', 'NOUN']]
    """
    path = find(name)
    try:
        from safetensors import SafetensorError, safe_open
    except ImportError as error:
        raise ImportError('the weights are safetensors files: pip install "self-attention[torch]"') from error
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {key: file.get_tensor(key).float() for key in file.keys()}  # noqa: SIM118 (not a dictionary)
    except SafetensorError as error:
        raise ValueError(
            f"expected {path.name} to be a whole safetensors file, got one that is not: {error}"
        ) from error
    model = from_facts(path.name, metadata.get("facts"))
    weights = dict(model.named_parameters())  # a shared matrix stands in the file once
    for what, names in (("lacks", weights.keys() - tensors), ("has besides", tensors.keys() - weights)):
        if names:
            raise ValueError(
                f"expected {path.name} to hold the weights of its {type(model).__name__}, {what} {sorted(names)}"
            )
    for key, tensor in tensors.items():
        if tensor.shape != weights[key].shape:
            expected, got = tuple(weights[key].shape), tuple(tensor.shape)
            raise ValueError(f"{path.name}: expected {key} to have the shape {expected}, got {got}")
    model.load_state_dict(tensors, strict=False)  # by its one name, a shared matrix is loaded into both places
    return model.eval()


def from_facts(name: str, text: str | None) -> Any:
    """The model that the facts of a file describe, without its weights; `name` is the file's, for errors."""
    try:
        facts = json.loads(text or "null")
        kind, config, words, version = (facts[key] for key in ("kind", "config", "words", "version"))
    except (TypeError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(f"expected {name} to hold facts as nn.save writes them, got {text!r:.100}") from error
    if kind not in list(KINDS):
        raise ValueError(
            f"expected {name} to hold one of {', '.join(KINDS)}, got {kind!r}, written by version {version}"
        )
    try:
        model = KINDS[kind](*[Vocabulary([" ".join(side)]) for side in words], **config)
    except (TypeError, ValueError, RuntimeError) as error:  # the last: more than there is memory
        raise ValueError(
            f"expected {name} to describe a {kind} of version {__version__}, got one of version {version}: {error}"
        ) from error
    model.facts = facts
    return model
