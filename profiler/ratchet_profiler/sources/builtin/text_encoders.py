"""Tokenizer and text encoders that are made in memory: real classes, random weights, tiny, no files."""

from string import printable
from typing import Final

from tokenizers import Regex, Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split
from tokenizers.processors import TemplateProcessing
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    LlamaConfig,
    LlamaModel,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    T5Config,
    T5EncoderModel,
    UMT5Config,
    UMT5EncoderModel,
)

WEIGHTS_SEED: Final = 0
"""Seed of all weights: two builds of one scenario are the same model."""
PROMPT_TOKENS: Final = 48
"""Tokens of a prompt. Chosen: few beside the 256 of a 64x64 image, as many as a 64x64 video of 9 frames."""
NEGATIVE_PROMPT: Final = "blurry"
TEXT_DIM: Final = 32
"""Width of the text embeddings. Chosen: encoding the prompt should cost next to nothing."""
SPECIAL_TOKENS: Final = ("<pad>", "<s>", "</s>", "<unk>", "<image>", "<begin_image>", "<end_image>")
VOCABULARY: Final = {token: number for number, token in enumerate((*SPECIAL_TOKENS, *printable))}
CLIP_POSITIONS: Final = 77
"""Tokens that every CLIP text encoder reads."""
GEMMA_HIDDEN: Final = 16
GEMMA_LAYERS: Final = 2
LLAMA_HIDDEN: Final = 16
QWEN_HIDDEN: Final = 16


def tokenizer(max_length: int) -> PreTrainedTokenizerFast:
    """Return a tokenizer with one token a character, for at most `max_length` tokens."""
    core = Tokenizer(WordLevel(VOCABULARY, unk_token="<unk>"))  # noqa: S106 - a token of text, no secret
    core.pre_tokenizer = Split(Regex("."), "isolated")
    ends = [(token, VOCABULARY[token]) for token in ("<s>", "</s>")]
    core.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        pad_token="<pad>",  # noqa: S106 - a token of text, no secret
        bos_token="<s>",  # noqa: S106 - a token of text, no secret
        eos_token="</s>",  # noqa: S106 - a token of text, no secret
        unk_token="<unk>",  # noqa: S106 - a token of text, no secret
        model_max_length=max_length,
    )


def t5_encoder() -> T5EncoderModel:
    """Return a T5 encoder, `TEXT_DIM` wide."""
    return T5EncoderModel(T5Config(**_t5_shape())).eval()


def umt5_encoder() -> UMT5EncoderModel:
    """Return a UMT5 encoder, `TEXT_DIM` wide."""
    return UMT5EncoderModel(UMT5Config(**_t5_shape())).eval()


def clip_encoder() -> CLIPTextModel:
    """Return a CLIP text encoder, `TEXT_DIM` wide."""
    config = CLIPTextConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=TEXT_DIM,
        intermediate_size=TEXT_DIM,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=TEXT_DIM,
        max_position_embeddings=CLIP_POSITIONS,
        bos_token_id=VOCABULARY["<s>"],
        eos_token_id=VOCABULARY["</s>"],
    )
    return CLIPTextModel(config).eval()


def gemma3() -> Gemma3ForConditionalGeneration:
    """Return a Gemma 3, `GEMMA_HIDDEN` wide; it has a vision tower because the class demands one."""
    text = {
        "model_type": "gemma3_text",
        "vocab_size": len(VOCABULARY),
        "hidden_size": GEMMA_HIDDEN,
        "intermediate_size": 32,
        "num_hidden_layers": GEMMA_LAYERS,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 8,
        "max_position_embeddings": 256,
        "pad_token_id": VOCABULARY["<pad>"],
        "layer_types": ["sliding_attention", "full_attention"],
        "rope_parameters": {
            "full_attention": {"rope_type": "default", "rope_theta": 1e6},
            "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
        },
    }
    vision = {
        "model_type": "siglip_vision_model",
        "hidden_size": GEMMA_HIDDEN,
        "intermediate_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 32,
        "patch_size": 8,
    }
    config = Gemma3Config(
        text_config=text,
        vision_config=vision,
        image_token_index=VOCABULARY["<image>"],
        boi_token_index=VOCABULARY["<begin_image>"],
        eoi_token_index=VOCABULARY["<end_image>"],
    )
    return Gemma3ForConditionalGeneration(config).eval()


def llama() -> LlamaModel:
    """Return a Llama, `LLAMA_HIDDEN` wide."""
    config = LlamaConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=LLAMA_HIDDEN,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        pad_token_id=VOCABULARY["<pad>"],
        bos_token_id=VOCABULARY["<s>"],
        eos_token_id=VOCABULARY["</s>"],
    )
    return LlamaModel(config).eval()


def qwen2_5_vl() -> Qwen2_5_VLForConditionalGeneration:
    """Return a Qwen 2.5 VL, `QWEN_HIDDEN` wide; it has a vision tower because the class demands one."""
    text = {
        "hidden_size": QWEN_HIDDEN,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "vocab_size": len(VOCABULARY),
        "max_position_embeddings": 1024,
        "rope_parameters": {
            "mrope_section": [1, 1, 2],
            "rope_type": "default",
            "type": "default",
            "rope_theta": 1e6,
        },
    }
    vision = {
        "depth": 1,
        "hidden_size": QWEN_HIDDEN,
        "intermediate_size": 16,
        "num_heads": 2,
        "out_hidden_size": QWEN_HIDDEN,
    }
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=VOCABULARY["<image>"],
        vision_start_token_id=VOCABULARY["<begin_image>"],
        vision_end_token_id=VOCABULARY["<end_image>"],
    )
    return Qwen2_5_VLForConditionalGeneration(config).eval()


def _t5_shape() -> dict[str, int]:
    return {
        "vocab_size": len(VOCABULARY),
        "d_model": TEXT_DIM,
        "d_kv": 8,
        "d_ff": TEXT_DIM,
        "num_layers": 2,
        "num_heads": 4,
    }
