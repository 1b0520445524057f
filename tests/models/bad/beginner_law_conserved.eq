state u
dt(u) = -u
law energy = u^2 conserved
