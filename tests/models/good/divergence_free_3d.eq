# In three dimensions a projection takes the divergence off.
space x in [0, 1] periodic, y in [0, 1], z in [0, 1]
grid x = 8, y = 8, z = 8 nodes
state u(x, y, z)
learned w(u, z) -> vector by mlp(8) with div(w) = 0
dt(u) = -advect(w, u) + ifelse(u > 0, sqrt(abs(w.x)), 0)
