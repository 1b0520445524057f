# No physics: both rates are learned, from a neighbourhood.
model wave_none

space x in [0, 64], y in [0, 64]
grid x = 64, y = 64
scheme order = 4
state w(x, y), p(x, y)
learned rate_w(w, p), rate_p(w, p) by conv(16, 16)

dt(w) = rate_w
dt(p) = rate_p
