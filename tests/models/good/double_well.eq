model double_well
state q, p
let potential = q^4/4 - q^2/2
dt(q) = p
dt(p) = q - q^3
law energy = p^2/2 + potential constant
