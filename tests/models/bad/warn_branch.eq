space x in [0, 1] periodic
state h(x)
let speed = sqrt(h)
dt(h) = -ifelse(h > 0, dx(speed), 0*h) + ifelse(h > 0, dx(h^2), sqrt(1 - h))
