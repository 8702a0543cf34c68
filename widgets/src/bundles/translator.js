// The widgets in which a Transformer runs. On the site its weights stand in weights/NAME.js: SelfAttention.weights("NAME", "...").
import { define } from "../frame/element.js";
import { LiveTranslator, TranslatorMap } from "../elements/live-translator.js";
import { weights } from "../frame/model.js";
import { TransformerBlocks } from "../elements/transformer-blocks.js";

SelfAttention.weights = weights;

define({ "translator-map": TranslatorMap, "live-translator": LiveTranslator, "transformer-blocks": TransformerBlocks });
