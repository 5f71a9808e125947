"""Two towers that denoise video and sound together, as MOVA does; no pipeline of diffusers is like it.

It shows how an engine without diffusers is measured: it names its stages, its loop and its forward passes.
"""

import math
from dataclasses import dataclass
from typing import Final, cast

import torch
from torch import Tensor, nn

from ratchet_profiler.scenarios import BuiltinScenario
from ratchet_profiler.sources.builtin.text_encoders import NEGATIVE_PROMPT, VOCABULARY
from ratchet_profiler.stages import RequestProfiler

GUIDANCE_SCALE: Final = 5.0
"""How far each step goes from the negative prompt to the prompt: two forward passes of both towers."""
PATCH: Final = 8
"""Pixels on a side of what one video token stands for."""
VIDEO_CHANNELS: Final = 16
AUDIO_CHANNELS: Final = 8
AUDIO_TOKENS_A_FRAME: Final = 4
SAMPLES_A_TOKEN: Final = 160
"""Samples of sound that one audio token stands for: 10 ms at 16 kHz."""
VIDEO_WIDTH: Final = 128
AUDIO_WIDTH: Final = 64
TEXT_WIDTH: Final = 32
HEADS: Final = 4
LAYERS: Final = 2
"""With the widths: 0.8 million parameters, chosen for about 15 ms a step of 80 tokens on one CPU core."""
FREQUENCIES: Final = 16
"""Sines and cosines that encode the noise level for a tower."""


@dataclass(frozen=True, slots=True)
class Output:
    """A video with sound."""

    frames: Tensor
    """Shape: (frames, height, width, 3)."""
    audio: Tensor
    """Shape: (samples,)."""


class DualTowerPipeline:
    """Text encoder, both towers and both decoders; `prepare` is called with this."""

    def __init__(self, device: str) -> None:
        """Make the networks with random weights on `device`."""
        self.device = device
        self.text_encoder = nn.Sequential(
            nn.Embedding(len(VOCABULARY), TEXT_WIDTH), nn.Linear(TEXT_WIDTH, TEXT_WIDTH)
        )
        self.towers = DualTower()
        self.video_decoder = nn.Sequential(nn.Linear(VIDEO_CHANNELS, PATCH * PATCH * 3), nn.Sigmoid())
        self.audio_decoder = nn.Sequential(nn.Linear(AUDIO_CHANNELS, SAMPLES_A_TOKEN), nn.Tanh())
        for network in (self.text_encoder, self.towers, self.video_decoder, self.audio_decoder):
            network.to(device).eval()

    @torch.no_grad()
    def __call__(self, scenario: BuiltinScenario, profiler: RequestProfiler) -> Output:
        """Run one request: every stage is named where it happens."""
        with profiler.stage("TextEncodingStage"):
            texts = [self._embedding(prompt) for prompt in (scenario.prompt, NEGATIVE_PROMPT)]
        with profiler.stage("LatentPreparationStage"):
            video, audio = self._noise(scenario)
        video, audio = self._denoised(video, audio, texts, scenario.steps, profiler)
        with profiler.stage("DecodingStage"):
            frames = self._frames(video, scenario)
        with profiler.stage("AudioDecodingStage"):
            sound = self.audio_decoder(audio).flatten()
        return Output(frames=frames.cpu(), audio=sound.cpu())

    def _denoised(
        self,
        video: Tensor,
        audio: Tensor,
        texts: list[Tensor],
        steps: int,
        profiler: RequestProfiler,
    ) -> tuple[Tensor, Tensor]:
        """Return the latents after Euler steps along the flow from noise to data."""
        loop = profiler.loop("DenoisingStage", steps)
        for step in range(steps):
            flows = []
            for text in texts:
                profiler.count_forward("video_tower")
                profiler.count_forward("audio_tower")
                flows.append(self.towers(video, audio, text, 1 - step / steps))
            (video_flow, audio_flow), (video_away, audio_away) = flows
            video = video - (video_away + GUIDANCE_SCALE * (video_flow - video_away)) / steps
            audio = audio - (audio_away + GUIDANCE_SCALE * (audio_flow - audio_away)) / steps
            loop.boundary()
        # Without `try`: what is raised in a step ends the loop's stage together with the request.
        loop.finish()
        return video, audio

    def _embedding(self, prompt: str) -> Tensor:
        """Return a vector of each character. Shape: (1, characters, TEXT_WIDTH)."""
        unknown = VOCABULARY["<unk>"]
        tokens = torch.tensor([[VOCABULARY.get(character, unknown) for character in prompt]])
        encoded: Tensor = self.text_encoder(tokens.to(self.device))
        return encoded

    def _noise(self, scenario: BuiltinScenario) -> tuple[Tensor, Tensor]:
        generator = torch.Generator("cpu").manual_seed(scenario.seed)
        frames = scenario.frames or 1
        patches = frames * (scenario.height // PATCH) * (scenario.width // PATCH)
        video = torch.randn(1, patches, VIDEO_CHANNELS, generator=generator)
        audio = torch.randn(1, frames * AUDIO_TOKENS_A_FRAME, AUDIO_CHANNELS, generator=generator)
        return video.to(self.device), audio.to(self.device)

    def _frames(self, video: Tensor, scenario: BuiltinScenario) -> Tensor:
        """Return the pixels of the patches, in place."""
        down, across = scenario.height // PATCH, scenario.width // PATCH
        pixels: Tensor = self.video_decoder(video)
        pixels = pixels.reshape(scenario.frames or 1, down, across, PATCH, PATCH, 3)
        return pixels.transpose(2, 3).reshape(-1, down * PATCH, across * PATCH, 3)


class Block(nn.Module):
    """One layer of a tower: it attends to itself, to the text, and to the other tower."""

    def __init__(self, width: int, other_width: int) -> None:
        """Make a layer of `width` channels beside a tower of `other_width`."""
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(4))
        self.own = nn.MultiheadAttention(width, HEADS, batch_first=True)
        self.text = _cross_attention(width, TEXT_WIDTH)
        self.other = _cross_attention(width, other_width)
        self.feed_forward = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, hidden: Tensor, text: Tensor, other: Tensor) -> Tensor:
        """Return the next hidden state. Shape: (1, tokens, width), as `hidden`."""
        own, to_text, to_other, to_feed = (norm for norm in self.norms)
        normed = own(hidden)
        hidden = hidden + self.own(normed, normed, normed, need_weights=False)[0]
        hidden = hidden + self.text(to_text(hidden), text, text, need_weights=False)[0]
        hidden = hidden + self.other(to_other(hidden), other, other, need_weights=False)[0]
        return cast("Tensor", hidden + self.feed_forward(to_feed(hidden)))


class Tower(nn.Module):
    """What one of the two is made of; `DualTower` runs its layers beside those of the other."""

    def __init__(self, channels: int, width: int, other_width: int) -> None:
        """Make a tower of `width` for latents of `channels`."""
        super().__init__()
        self.enter = nn.Linear(channels, width)
        self.noise_level = nn.Linear(2 * FREQUENCIES, width)
        self.layers = nn.ModuleList(Block(width, other_width) for _ in range(LAYERS))
        self.leave = nn.Linear(width, channels)


class DualTower(nn.Module):
    """Both towers: after each layer either sees the other's hidden state."""

    def __init__(self) -> None:
        """Make both with random weights."""
        super().__init__()
        self.video_tower = Tower(VIDEO_CHANNELS, VIDEO_WIDTH, AUDIO_WIDTH)
        self.audio_tower = Tower(AUDIO_CHANNELS, AUDIO_WIDTH, VIDEO_WIDTH)

    def forward(
        self, video: Tensor, audio: Tensor, text: Tensor, noise_level: float
    ) -> tuple[Tensor, Tensor]:
        """Return the flow of video and of sound at a noise level from 1, noise, to 0, data.

        Shapes: (1, tokens, channels), as the latents.
        """
        frequencies = [math.exp(-math.log(10_000) * k / FREQUENCIES) for k in range(FREQUENCIES)]
        angles = [1000 * noise_level * frequency for frequency in frequencies]
        waves = torch.tensor([*map(math.sin, angles), *map(math.cos, angles)]).to(video.device)
        video = self.video_tower.enter(video) + self.video_tower.noise_level(waves)
        audio = self.audio_tower.enter(audio) + self.audio_tower.noise_level(waves)
        for video_layer, audio_layer in zip(self.video_tower.layers, self.audio_tower.layers, strict=True):
            video, audio = video_layer(video, text, audio), audio_layer(audio, text, video)
        return self.video_tower.leave(video), self.audio_tower.leave(audio)


def _cross_attention(width: int, other_width: int) -> nn.MultiheadAttention:
    return nn.MultiheadAttention(width, HEADS, kdim=other_width, vdim=other_width, batch_first=True)
