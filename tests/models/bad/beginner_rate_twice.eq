state x, v
dt(x) = v
dt(dt(x)) = -x
