"""Writes conformance/golden from the recipes: all of them, those named, or (--check) into a temporary folder to
compare."""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import argparse
import filecmp
import importlib
import shutil
import sys
import tempfile
from pathlib import Path

import store

HERE = Path(__file__).resolve().parent
# One line per scheduler: the recipe file, and the folder (the class) that it fills.
RECIPES = {
    "amused": "AmusedScheduler",
    "cosine_dpmsolver_multistep": "CosineDPMSolverMultistepScheduler",
    "ddim": "DDIMScheduler",
    "ddim_cogvideox": "CogVideoXDDIMScheduler",
    "ddim_inverse": "DDIMInverseScheduler",
    "ddim_parallel": "DDIMParallelScheduler",
    "ddpm": "DDPMScheduler",
    "ddpm_parallel": "DDPMParallelScheduler",
    "ddpm_wuerstchen": "DDPMWuerstchenScheduler",
    "deis_multistep": "DEISMultistepScheduler",
    "dpm_cogvideox": "CogVideoXDPMScheduler",
    "dpm_adaptive": "DPMAdaptiveScheduler",
    "dpm_fast": "DPMFastScheduler",
    "dpmpp_2s_ancestral": "DPMPP2SAncestralScheduler",
    "dpmpp_3m_sde": "DPMPP3MSDEScheduler",
    "dpmsolver_multistep": "DPMSolverMultistepScheduler",
    "dpmsolver_multistep_inverse": "DPMSolverMultistepInverseScheduler",
    "dpmsolver_sde": "DPMSolverSDEScheduler",
    "dpmsolver_singlestep": "DPMSolverSinglestepScheduler",
    "edm_dpmsolver_multistep": "EDMDPMSolverMultistepScheduler",
    "edm_euler": "EDMEulerScheduler",
    "euler_ancestral_discrete": "EulerAncestralDiscreteScheduler",
    "euler_discrete": "EulerDiscreteScheduler",
    "flow_match_euler_discrete": "FlowMatchEulerDiscreteScheduler",
    "flow_match_heun_discrete": "FlowMatchHeunDiscreteScheduler",
    "flow_match_lcm": "FlowMatchLCMScheduler",
    "heun_discrete": "HeunDiscreteScheduler",
    "unclip": "UnCLIPScheduler",
    "unipc_multistep": "UniPCMultistepScheduler",
    "k_dpm_2_ancestral_discrete": "KDPM2AncestralDiscreteScheduler",
    "k_dpm_2_discrete": "KDPM2DiscreteScheduler",
    "lms_discrete": "LMSDiscreteScheduler",
    "ipndm": "IPNDMScheduler",
    "lcm": "LCMScheduler",
    "tcd": "TCDScheduler",
    "pndm": "PNDMScheduler",
    "repaint": "RePaintScheduler",
    "restart": "RestartScheduler",
    "ltx_euler_ancestral_rf": "LTXEulerAncestralRFScheduler",
    "scm": "SCMScheduler",
    "sasolver": "SASolverScheduler",
    "vq_diffusion": "VQDiffusionScheduler",
    "consistency_models": "CMStochasticIterativeScheduler",
    "karras_ve": "KarrasVeScheduler",
    "sde_ve": "ScoreSdeVeScheduler",
    "sde_vp": "ScoreSdeVpScheduler",
    "consistency_decoder": "ConsistencyDecoderScheduler",
    "swap": "swap",
    "compatibility": "compatibility",
}
# Further files of a recipe.
PARTS = {
    "amused": ["special"],
    "ddpm_wuerstchen": ["special"],
    "unclip": ["special"],
    "cosine_dpmsolver_multistep": ["brownian_tape"],
    "ddim_cogvideox": ["cogvideox"],
    "ddim_parallel": ["ddim", "parallel", "special"],
    "ddpm_parallel": ["ddpm", "parallel", "special"],
    "deis_multistep": ["deis_multistep_calls"],
    "dpm_cogvideox": ["cogvideox", "special"],
    "dpm_adaptive": ["dpm_fast", "k_diffusion_runs", "k_sampler_cases", "k_style"],
    "dpm_fast": ["k_diffusion_runs", "k_sampler_cases", "k_style"],
    "dpmpp_2s_ancestral": ["k_diffusion_runs", "k_sampler_cases", "k_style"],
    "dpmpp_3m_sde": ["k_diffusion_runs", "k_sampler_cases", "k_style"],
    "dpmsolver_multistep": ["dpmsolver_multistep_calls"],
    "dpmsolver_sde": ["brownian_tape", "k_style"],
    "dpmsolver_singlestep": ["dpmsolver_singlestep_calls"],
    "edm_dpmsolver_multistep": ["edm"],
    "edm_euler": ["edm"],
    "euler_ancestral_discrete": ["k_style"],
    "heun_discrete": ["k_style"],
    "k_dpm_2_ancestral_discrete": ["k_style"],
    "k_dpm_2_discrete": ["k_style"],
    "lms_discrete": ["k_style"],
    "lcm": ["distilled"],
    "repaint": ["special"],
    "restart": ["edm", "k_diffusion_runs", "k_sampler_cases", "k_style"],
    "consistency_models": ["special"],
    "karras_ve": ["special"],
    "sde_ve": ["special"],
    "sde_vp": ["special"],
    "swap": ["swap_configs"],
    "compatibility": ["compatibility_configs", "swap", "swap_configs"],
    "tcd": ["distilled"],
    "unipc_multistep": ["unipc_multistep_calls"],
}
SHARED = ["pinned.py", "store.py", "ieee.py", "rounding.py", "tape.py", "distance.py", "recording.py", "common.py"]


def make(name, folder):
    shutil.rmtree(folder / RECIPES[name], ignore_errors=True)
    parts = [name, *PARTS.get(name, [])]
    modules = [importlib.import_module(part) for part in parts]
    modules[0].recipe.write(folder)
    store.write_recipe(folder, RECIPES[name], [HERE / file for file in (*SHARED, *(f"{part}.py" for part in parts))])
    files = list((folder / RECIPES[name]).iterdir())
    cases = [file for file in files if file.suffix == ".json"]
    print(f"{RECIPES[name]}: {len(cases)} cases, {sum(file.stat().st_size for file in files) / 1024:.0f} KiB")


def differences(fresh, name):
    """Files of the class that are missing, extra or not byte for byte the same."""
    here, there = store.GOLDEN / RECIPES[name], fresh / RECIPES[name]
    names = sorted({file.name for folder in (here, there) if folder.exists() for file in folder.iterdir()})
    same = lambda file: (
        (here / file).exists() and (there / file).exists() and filecmp.cmp(here / file, there / file, False)
    )
    return [f"{RECIPES[name]}/{file}" for file in names if not same(file)]


def check(names):
    with tempfile.TemporaryDirectory() as fresh:
        for name in names:
            make(name, Path(fresh))
        found = [file for name in names for file in differences(Path(fresh), name)]
    print(f"{len(found)} files differ" if found else "byte for byte the same")
    print("\n".join(found))
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="recipes (default: all)")
    parser.add_argument("--check", action="store_true", help="compare with what is there instead of writing")
    arguments = parser.parse_args()
    names = arguments.names or list(RECIPES)
    if arguments.check:
        return check(names)
    for name in names:
        make(name, store.GOLDEN)
    store.write_index(store.GOLDEN)
    return 0


if __name__ == "__main__":
    sys.exit(main())
