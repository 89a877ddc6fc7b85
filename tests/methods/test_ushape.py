from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from ctc_submit.errors import CheckpointError
from ctc_submit.methods.ushape import UShape, load_weights, stacked


@pytest.mark.parametrize("norm", ["group", "batch", "none"])
@pytest.mark.parametrize("shape", [(16, 16), (17, 30), (1, 1), (5, 64)])
def test_answers_are_as_large_as_images(norm: str, shape: tuple[int, int]) -> None:
    net = UShape(width=4, depth=3, outputs=2, norm=norm).eval()
    assert net(torch.rand(2, 1, *shape)).shape == (2, 2, *shape)


def test_channels_double_and_depth_counts_levels() -> None:
    net = UShape(width=6, depth=2, outputs=3)
    convolutions = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    assert [c.out_channels for c in convolutions] == [6, 6, 12, 12, 24, 24, 6, 6, 12, 12, 3]
    assert UShape(width=6, depth=0, outputs=1)(torch.rand(1, 1, 7, 7)).shape == (1, 1, 7, 7)


def test_the_start_is_xavier_normal() -> None:
    torch.manual_seed(0)
    net = UShape(width=32, depth=1, outputs=1)
    second = [m for m in net.modules() if isinstance(m, nn.Conv2d)][1]
    expected = (2 / (32 * 9 + 32 * 9)) ** 0.5
    assert second.weight.std().item() == pytest.approx(expected, rel=0.03)
    assert abs(second.weight.mean().item()) < 0.02 * expected * 5
    assert second.bias is not None
    assert second.bias.abs().max() == 0


def test_with_group_norm_an_answer_does_not_depend_on_the_batch() -> None:
    net = UShape(width=8, depth=2, outputs=1)
    images = torch.rand(3, 1, 24, 24)
    torch.testing.assert_close(net(images)[1:2], net(images[1:2]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("scale", [0.5, 0.3, 2.0])
@pytest.mark.parametrize("shape", [(16, 16), (17, 31), (1, 1)])
def test_frames_are_resized_inside_and_answers_back(scale: float, shape: tuple[int, int]) -> None:
    net = UShape(width=4, depth=2, outputs=2, scale=scale).eval()
    assert net(torch.rand(2, 1, *shape)).shape == (2, 2, *shape)


def test_at_half_the_size_things_stay_where_they_are() -> None:
    """A net that hands its image on answers with the image, blurred but not moved."""
    net = UShape(width=4, depth=0, outputs=1, norm="none", scale=0.5)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.zero_()
                module.weight[0, 0, module.kernel_size[0] // 2, module.kernel_size[1] // 2] = 1
        image = torch.zeros(1, 1, 40, 40)
        image[..., 10:30, 6:18] = 1
        answer = net(image)
    assert ((answer > 0.5) == (image > 0.5)).float().mean() > 0.98
    rows = torch.arange(40.0)
    for axis in (2, 3):
        line = answer[0, 0].sum(3 - axis)
        centre = (line * rows).sum() / line.sum()
        assert centre.item() == pytest.approx(19.5 if axis == 2 else 11.5, abs=0.05)


def test_unknown_norm_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="group, batch or none"):
        UShape(width=4, depth=1, outputs=1, norm="layer")


def test_maps_are_padded_as_images_are() -> None:
    maps = [torch.ones(1, 3, 4), torch.ones(1, 2, 5)]
    whole = stacked(maps, torch.zeros(2, 1, 3, 5))
    assert whole.shape == (2, 1, 3, 5)
    assert whole[0, 0].sum() == 12
    assert whole[1, 0, 2].sum() == 0
    assert stacked([torch.ones(1, 2, 2, dtype=torch.bool)], torch.zeros(1, 1, 3, 3)).sum() == 4


@pytest.mark.parametrize("name", ["w.safetensors", "w.pt"])
def test_weights_come_from_a_file(tmp_path: Path, name: str) -> None:
    source, net = (UShape(width=4, depth=1, outputs=1) for _ in range(2))
    path = tmp_path / name
    if path.suffix == ".pt":
        torch.save(source.state_dict(), path)
    else:
        save_file(source.state_dict(), path)
    assert load_weights(net, str(path))
    torch.testing.assert_close(net.state_dict(), source.state_dict())


def test_bad_weights_are_one_line(tmp_path: Path) -> None:
    net = UShape(width=4, depth=1, outputs=1)
    other = tmp_path / "other.safetensors"
    save_file(UShape(width=8, depth=1, outputs=1).state_dict(), other)
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"no weights")
    for path, words in ((other, "width"), (broken, "broken.pt"), (tmp_path / "no.pt", "no such")):
        with pytest.raises(CheckpointError, match=words) as caught:
            load_weights(net, str(path))
        assert "\n" not in str(caught.value)
    assert not load_weights(net, "none")


@pytest.mark.parametrize("encoder", ["none", "tf_efficientnet_lite0"])
@pytest.mark.parametrize("stride", [2, 4])
@pytest.mark.parametrize("shape", [(64, 64), (33, 50), (1, 1)])
def test_a_coarser_answer_is_enlarged_to_the_frame(
    encoder: str, stride: int, shape: tuple[int, int]
) -> None:
    net = UShape(width=4, depth=3, outputs=2, encoder=encoder, stride=stride).eval()
    assert net(torch.rand(2, 1, *shape)).shape == (2, 2, *shape)


def test_a_coarser_answer_saves_the_finest_blocks_and_keeps_the_others_names() -> None:
    """So that weights of a finer network can be taken over."""
    names = [
        {k: v.shape for k, v in UShape(width=4, depth=3, outputs=1, stride=s).state_dict().items()}
        for s in (1, 2, 4)
    ]
    for coarse, dropped in zip(names[1:], (["up.0."], ["up.0.", "up.1."]), strict=True):
        own = {k for k in coarse if not k.startswith("head.")}
        expected = {k for k in names[0] if not k.startswith(("head.", *dropped))}
        assert own == expected
        assert all(names[0][k] == coarse[k] for k in own)
    assert [n["head.weight"][1] for n in names] == [4, 8, 16]


def test_a_coarser_answer_lies_where_its_pixels_are() -> None:
    """A network that hands on the mean of two by two pixels answers with the image, blurred."""
    net = UShape(width=1, depth=1, outputs=1, norm="none", stride=2).eval()
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.zero_()
                module.weight[:, 0, module.kernel_size[0] // 2, module.kernel_size[1] // 2] = 1
        image = torch.zeros(1, 1, 40, 40)
        image[..., 10:30, 6:18] = 1
        answer = net(image)[0, 0]
    answer = answer / answer.max()
    assert ((answer > 0.5) == (image[0, 0] > 0.5)).float().mean() > 0.98
    places = torch.arange(40.0)
    for axis, centre in ((1, 19.5), (0, 11.5)):
        line = answer.sum(axis)
        assert ((line * places).sum() / line.sum()).item() == pytest.approx(centre, abs=0.05)


@pytest.mark.parametrize(("depth", "stride"), [(1, 4), (2, 3), (0, 2)])
def test_a_stride_beyond_the_depth_is_a_mistake(depth: int, stride: int) -> None:
    with pytest.raises(ValueError, match=f"a stride of {stride}"):
        UShape(width=4, depth=depth, outputs=1, stride=stride)


def test_a_network_of_coarser_answers_starts_from_a_finer_one(tmp_path: Path) -> None:
    torch.manual_seed(0)
    fine, coarse = (UShape(width=4, depth=2, outputs=1, stride=s) for s in (1, 2))
    last = coarse.head.weight.clone()
    path = tmp_path / "fine.safetensors"
    save_file(fine.state_dict(), path)
    assert load_weights(coarse, str(path))
    torch.testing.assert_close(coarse.up[1].state_dict(), fine.up[1].state_dict())
    torch.testing.assert_close(coarse.down.state_dict(), fine.down.state_dict())
    torch.testing.assert_close(coarse.head.weight, last)
    save_file(coarse.state_dict(), path)
    again = UShape(width=4, depth=2, outputs=1, stride=2)
    assert load_weights(again, str(path))
    torch.testing.assert_close(again.state_dict(), coarse.state_dict())
    with pytest.raises(CheckpointError, match="width, depth"):
        load_weights(fine, str(path))
