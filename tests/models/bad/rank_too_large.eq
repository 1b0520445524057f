space x in [0, 1] periodic, y in [0, 1] periodic, z in [0, 1] periodic
state u(x, y, z)
dt(u) = biharm(biharm(biharm(biharm(biharm(biharm(u))))))
