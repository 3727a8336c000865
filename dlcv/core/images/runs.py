"""Masks as COCO's run lengths: https://cocodataset.org/#format-data."""

import torch


def runs(mask: torch.Tensor, left: int, top: int, size: tuple[int, int]) -> dict:
    """COCO's run lengths, column by column, of a mask (h, w) bool that lies at left, top in a picture of `size`.

    `size` is height and width.
    """
    height, width = size
    columns = torch.nn.functional.pad(mask.T.int(), (1, 1)).diff(dim=1)  # 1 where a run begins, -1 behind its end
    begins, ends = ((left + x) * height + top + y for x, y in (columns.eq(sign).nonzero().T for sign in (1, -1)))
    borders = torch.stack([begins, ends], dim=1).flatten()
    all_of_them = torch.cat([borders.new_zeros(1), borders, borders.new_tensor([height * width])])
    return {"size": [height, width], "counts": all_of_them.diff().tolist()}
