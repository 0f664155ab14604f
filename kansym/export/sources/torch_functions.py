"""Functions that torch lacks; exported files hold copies of those that they call."""

from __future__ import annotations

import math

from kansym.deferred import torch


def log_exp_sum(u, c):
    """log|exp(u) + c|, also where exp(u) is too large for a float."""
    small = torch.exp(-torch.abs(u))
    return torch.where(u > 0, u + torch.log(torch.abs(1 + c * small)), torch.log(torch.abs(small + c)))


def log_expm1(u):
    """log|exp(u) - 1|, also where exp(u) is too large for a float or close to 1."""
    return torch.relu(u) + torch.log(torch.abs(torch.expm1(-torch.abs(u))))


def cbrt(x):
    """The real cube root."""
    return torch.sign(x) * torch.abs(x) ** (1 / 3)


def sinc(x):
    """sin(x)/x."""
    return torch.sinc(x / math.pi)


def gamma(x):
    """Gamma function."""
    reflected = math.pi / (torch.sin(math.pi * x) * torch.exp(torch.lgamma(1 - x)))
    return torch.where(x > 0, torch.exp(torch.lgamma(x)), reflected)


def heaviside(x, at_zero):
    """Step function."""
    return torch.where(x > 0, 1.0, torch.where(x < 0, 0.0, at_zero)) + 0 * x


def airy_ai(x):
    """Airy function Ai: an integral for x > 1, Taylor steps of y'' = x y from 0, a series (DLMF 9.7.9) for x < -9."""
    far = x.clamp(min=1.0)
    root = torch.sqrt(far)
    step = 6.5 / torch.sqrt(root) / 160
    total = torch.full_like(far, 0.5)
    for i in range(1, 161):
        t = i * step
        total = total + torch.exp(-root * t**2) * torch.cos(t**3 / 3)
    decaying = torch.exp(-2 / 3 * far * root) * total * step / math.pi
    size = (-x).clamp(min=9.0)
    zeta = 2 / 3 * size * torch.sqrt(size)
    parts, term = [torch.zeros_like(size), torch.zeros_like(size)], torch.ones_like(size)
    for n in range(18):
        parts[n % 2] = parts[n % 2] + (term if n % 4 < 2 else -term)
        term = term * ((6 * n + 1) * (6 * n + 3) * (6 * n + 5) / (216 * (n + 1) * (2 * n + 1))) / zeta
    c, s = torch.cos(zeta), torch.sin(zeta)
    waves = ((c + s) * parts[0] + (s - c) * parts[1]) / torch.sqrt(2 * math.pi * torch.sqrt(size))
    step = x.clamp(-9.0, 1.0) / 20
    y, slope = torch.full_like(x, 0.3550280538878172), torch.full_like(x, -0.2588194037928068)
    for i in range(20):
        before, a, b, power, rise = torch.zeros_like(x), y, slope, step, slope
        y = y + slope * step
        for n in range(30):
            c = (i * step * a + before) / ((n + 2) * (n + 1))
            rise = rise + (n + 2) * c * power
            power = power * step
            y = y + c * power
            before, a, b = a, b, c
        slope = rise
    return torch.where(x > 1, decaying, torch.where(x < -9, waves, y))


def bessel_j(order, x):
    """Bessel functions J0 and J1: Bessel's integral, and Hankel's expansion (DLMF 10.17.3) for |x| > 25."""
    near = torch.zeros_like(x)
    for k in range(16):
        s = math.sin((k + 0.5) * math.pi / 32)
        near = near + (torch.cos(x * s) if order == 0 else torch.sin(x * s) * s)
    size = x.abs().clamp(min=25.0)
    parts, term = [torch.zeros_like(x), torch.zeros_like(x)], torch.ones_like(x)
    for k in range(24):
        parts[k % 2] = parts[k % 2] + (term if k % 4 < 2 else -term)
        term = term * ((4 * order**2 - (2 * k + 1) ** 2) / (8 * (k + 1))) / size
    c, s = torch.cos(size), torch.sin(size)
    cosine, sine = (c + s, s - c) if order == 0 else (s - c, -(s + c))
    far = (parts[0] * cosine - parts[1] * sine) / torch.sqrt(math.pi * size)
    if order == 1:
        far = far * torch.sign(x)
    return torch.where(x.abs() <= 25, near / 16, far)
