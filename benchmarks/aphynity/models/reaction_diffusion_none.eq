# No physics: both rates are learned, from a neighbourhood.
model reaction_diffusion_none

space x in [-1, 1] periodic, y in [-1, 1] periodic
grid x = 32, y = 32
state u(x, y), v(x, y)
learned rate_u(u, v), rate_v(u, v) by conv(16, 16)

dt(u) = rate_u
dt(v) = rate_v
