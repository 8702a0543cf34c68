"""What the widgets share in which a trained Transformer runs: the model, its weights on their way to the page."""

import base64
import hashlib
import json
import zlib
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory

from ._base import Widget, as_words, plain

MOST = {"sentences": 20, "words": 40}
LONGEST = 40  # words of a translation


class ModelWidget(Widget):
    """Base of the widgets in which a model runs: it has `_model`, `_name` ("" if not the package's) and `_sentences`.

    Args:
        model: the name of a model that comes with the package; or the path of a file, or a `nn.TransformerTranslator`,
            whose weights then travel inside the HTML, as float16.
        sentences: 1 to 20 source sentences of at most 40 words, all of which the model knows.
    """

    scripts = ("widgets.js", "translator.js")

    def _start(self, model, sentences):
        """Fetch the model, check the sentences; what the page has to know of them."""
        self._name, self._file, self._model = fetch(model)
        self._sentences = check_sentences(sentences, self._model.source)
        return {
            "element": self.element,
            "model": self._name,
            "bytes": len(self._file),
            "sentences": self._sentences,
            "digest": hashlib.sha256(self._file).hexdigest()[:8],
            "weights": packed(self._file),
        }

    def to_html(self) -> str:
        """The widget as HTML. The weights of a model of the package stay out: the page has them in a file of their own.

        That file, weights/NAME.js beside the script translator.js, holds SelfAttention.weights("NAME", "<packed>").
        """
        html = super().to_html()
        return html.replace(f',"weights":{json.dumps(self._spec["weights"])}', "", 1) if self._name else html

    def to_page(self, title: str = "Attention") -> str:
        """A complete HTML page with the widget, its scripts and its weights: one file, to send or to open."""
        page = super().to_page(title)
        return page.replace("</body>", f"<script>{published(self._name)}</script></body>") if self._name else page


def check_sentences(sentences, vocabulary, without=()):
    """Sentences as a list of strings, spelled as the vocabulary does, all words known, and none `without`."""
    from ..spelling import check_known

    sentences = plain(sentences)
    sentences = [sentences] if isinstance(sentences, str) else as_words(sentences, "sentences")
    sentences = [vocabulary.split(str(sentence)) for sentence in sentences]
    sizes = list(map(len, sentences))
    if not 1 <= len(sentences) <= MOST["sentences"] or not all(1 <= size <= MOST["words"] for size in sizes):
        expected = f"1 to {MOST['sentences']} sentences of 1 to {MOST['words']} words"
        raise ValueError(f"expected {expected}, got {len(sentences)} of {sizes} words")
    check_known(sum(sentences, []), [word for word in vocabulary.ordinary if word not in without])
    return [" ".join(words) for words in sentences]


def fetch(model):
    """The name of a model ("" if it is not the package's), its safetensors file as bytes, and the model in float64."""
    from .. import nn  # torch, which the other widgets do without
    from ..nn import weights

    with TemporaryDirectory() as folder:
        path = Path(folder, "model.safetensors")
        if isinstance(model, nn.TransformerTranslator):
            nn.save(model, path)
        elif isinstance(model, str | PathLike):
            path = weights.find(model)
        else:
            raise ValueError(f"expected model to be a name or a TransformerTranslator, got {type(model).__name__}")
        loaded = nn.load(path)
        if not isinstance(loaded, nn.TransformerTranslator):
            raise ValueError(
                f"expected model to be a TransformerTranslator, {path.stem!r} is a {type(loaded).__name__}"
            )
        return path.stem if path.parent == nn.WEIGHTS else "", path.read_bytes(), loaded.double()


def packed(file):
    """A safetensors file as text, for JavaScript to read: base64 of its deflated bytes, all even ones before the odd.

    Of a float16 the one byte holds sign and exponent, few of which occur; the other looks random. Apart they deflate
    well: as text the file is 1.1 times as long, where plain base64 makes it 1.33.
    """
    return base64.b64encode(zlib.compress(file[::2] + file[1::2], 9)).decode()


def published(name):
    """The script that hands a model of the package to the widgets of a page."""
    from .. import nn

    return f'SelfAttention.weights("{name}", "{packed((nn.WEIGHTS / f"{name}.safetensors").read_bytes())}");\n'
