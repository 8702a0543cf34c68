"""The recurrent encoder and decoder of chapter 3, with one vector for the sentence or with attention."""

import math

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .._arrays import check_integer
from ..attention import additive_scores, attend


class Encoder(nn.Module):
    """Read a sentence from both ends: a state for each word, and one vector for all of them.

    h_j = [GRU(x_1 ... x_j), GRU(x_m ... x_j)]
    c = [GRU(x_1 ... x_m), GRU(x_m ... x_1)]

    Args:
        size: number of words in the vocabulary.
        d_model: features of a word's vector, and of a state in each direction.

    Raises:
        ValueError: a number is not an integer of at least 1.

    >>> states, c = Encoder(size=10, d_model=4)(torch.tensor([[5, 6, 7], [8, 9, 0]]), torch.tensor([3, 2]))
    >>> states.shape, c.shape
    (torch.Size([2, 3, 8]), torch.Size([2, 8]))

    Source: Bahdanau et al. 2015, sec. 3.2; the GRU is Cho et al. 2014, sec. 2.3.
    """

    def __init__(self, size: int, d_model: int) -> None:
        check_integer("size", size, least=1)
        check_integer("d_model", d_model, least=1)
        super().__init__()
        self.embedding = nn.Embedding(size, d_model)
        self.gru = nn.GRU(d_model, d_model, batch_first=True, bidirectional=True)

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """From ids (b, m) and lengths (b,) to states (b, m, 2 d_model), 0 at the padding, and c (b, 2 d_model)."""
        X = self.embedding(ids)  # (b, m, d_model)
        packed = pack_padded_sequence(X, lengths.cpu(), batch_first=True, enforce_sorted=False)
        states, last = self.gru(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=ids.shape[1])  # (b, m, 2 d_model)
        return states, torch.cat([last[0], last[1]], dim=-1)  # (b, 2 d_model)


class Decoder(nn.Module):
    """Write a sentence: each step knows the words so far and a vector from the encoder.

    s_i = GRU([y_(i - 1), c], s_(i - 1))
    logits_i = [s_i, c_i] W + bias

    Without attention, c_i is the one vector c at every step. With attention it is read afresh from the encoder's
    states h_j, weighted by the softmax of the additive scores of s_i against each h_j:

    c_i = sum_j weights_ij h_j

    The query is s_i; the keys and the values are the same h_j.

    Args:
        size: number of words in the vocabulary.
        d_model: features of a word's vector; states and c have 2 d_model.
        attention: read the encoder's states again at each step, or not.

    Raises:
        ValueError: a number is not an integer of at least 1.

    Source: Cho et al. 2014, sec. 2.2 (one c for all steps); Bahdanau et al. 2015, sec. 3.1 (a c_i for each step); Luong
    et al. 2015, sec. 3 (the query is the state of this step, not of the one before).
    """

    def __init__(self, size: int, d_model: int, attention: bool) -> None:
        check_integer("size", size, least=1)
        check_integer("d_model", d_model, least=1)
        super().__init__()
        d = 2 * d_model
        self.embedding = nn.Embedding(size, d_model)
        self.gru = nn.GRU(d_model + d, d, batch_first=True)
        self.output = nn.Linear(2 * d, size)
        self.attention = attention
        if attention:
            self.W_q = nn.Parameter(torch.randn(d, d_model) / math.sqrt(d))
            self.W_k = nn.Parameter(torch.randn(d, d_model) / math.sqrt(d))
            self.v = nn.Parameter(torch.randn(d_model) / math.sqrt(d_model))

    def forward(
        self, ids: torch.Tensor, states: torch.Tensor, c: torch.Tensor, mask: torch.Tensor, s: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor | None, torch.Tensor | None, torch.Tensor]:
        """One step for each of the ids (b, n), which may be all words at once or one.

        Args:
            ids: the word before each step, (b, n).
            states: the encoder's, (b, m, d), d = 2 d_model.
            c: the encoder's one vector, (b, d).
            mask: boolean (b, 1, m); True = a word, not padding.
            s: the decoder's state before the first of these steps, (1, b, d).

        Returns:
            logits (b, n, size), scores (b, n, m), weights (b, n, m), the latter two None without attention, and the
            state after the last step (1, b, d).
        """
        c = c[:, None].expand(-1, ids.shape[1], -1)  # (b, n, d)
        S, s = self.gru(torch.cat([self.embedding(ids), c], dim=-1), s)  # (b, n, d), (1, b, d)
        scores = weights = None
        if self.attention:
            scores = additive_scores(S, states, self.W_q, self.W_k, self.v)  # (b, n, m)
            c, weights = attend(scores, V=states, mask=mask)  # (b, n, d), (b, n, m)
        return self.output(torch.cat([S, c], dim=-1)), scores, weights, s
