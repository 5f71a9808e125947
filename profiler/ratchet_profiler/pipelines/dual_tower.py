"""Two towers that denoise video and sound together, as MOVA does; no pipeline of diffusers is like it.

It shows how an engine without diffusers is measured: it names its stages, its loop and its forward passes.
"""

from dataclasses import dataclass
from typing import Final

import torch

from ratchet_profiler.pipelines import Workload
from ratchet_profiler.pipelines.dual_tower_parts import (
    AUDIO_CHANNELS,
    AUDIO_TOKENS_A_FRAME,
    PATCH,
    VIDEO_CHANNELS,
    DualTower,
    audio_decoder,
    text_encoder,
    text_tokens,
    video_decoder,
)
from ratchet_profiler.pipelines.tiny_parts import WEIGHTS_SEED
from ratchet_profiler.scenarios import BuiltinScenario
from ratchet_profiler.stages import RequestProfiler

NEGATIVE_PROMPT: Final = "blurry"
GUIDANCE_SCALE: Final = 5.0
"""How far each step goes from the negative prompt to the prompt: two forward passes of both towers."""


@dataclass(frozen=True, slots=True)
class Output:
    """A video with sound."""

    frames: torch.Tensor
    """Shape: (frames, height, width, 3)."""
    audio: torch.Tensor
    """Shape: (samples,)."""


class DualTowerPipeline:
    """Text encoder, both towers and both decoders; `prepare` is called with this."""

    def __init__(self, device: str) -> None:
        """Make the networks with random weights on `device`."""
        torch.manual_seed(WEIGHTS_SEED)
        self.device = device
        self.text_encoder = text_encoder().to(device).eval()
        self.towers = DualTower().to(device).eval()
        self.video_decoder = video_decoder().to(device).eval()
        self.audio_decoder = audio_decoder().to(device).eval()

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
        video: torch.Tensor,
        audio: torch.Tensor,
        texts: list[torch.Tensor],
        steps: int,
        profiler: RequestProfiler,
    ) -> tuple[torch.Tensor, torch.Tensor]:
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

    def _embedding(self, prompt: str) -> torch.Tensor:
        encoded: torch.Tensor = self.text_encoder(text_tokens(prompt).to(self.device))
        return encoded

    def _noise(self, scenario: BuiltinScenario) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch.Generator("cpu").manual_seed(scenario.seed)
        frames = scenario.frames or 1
        patches = frames * (scenario.height // PATCH) * (scenario.width // PATCH)
        video = torch.randn(1, patches, VIDEO_CHANNELS, generator=generator)
        audio = torch.randn(1, frames * AUDIO_TOKENS_A_FRAME, AUDIO_CHANNELS, generator=generator)
        return video.to(self.device), audio.to(self.device)

    def _frames(self, video: torch.Tensor, scenario: BuiltinScenario) -> torch.Tensor:
        """Return the pixels of the patches, in place."""
        down, across = scenario.height // PATCH, scenario.width // PATCH
        pixels: torch.Tensor = self.video_decoder(video)
        pixels = pixels.reshape(scenario.frames or 1, down, across, PATCH, PATCH, 3)
        return pixels.transpose(2, 3).reshape(-1, down * PATCH, across * PATCH, 3)


def build(scenario: BuiltinScenario, device: str) -> Workload:
    """Return a dual tower with random weights on `device`."""
    pipe = DualTowerPipeline(device)
    return Workload(pipelines=(pipe,), request=lambda profiler: pipe(scenario, profiler))
