# A beam that is clamped at one end and shaken there, and free at the other.
model beam_clamped
space x in [0, 1]
grid x = 24 nodes
state w(x)
param stiffness = 0.8 in (0, inf)
param damping = 0.05

dtt(w) = -stiffness*dxxxx(w) - damping*dt(w)
bc w = 0.01*sin(3*t) at x = 0
bc dn(w) = 0 at x = 0
bc dxx(w) = 0 at x = 1
bc dn(dxx(w)) = 0 at x = 1
init w = 0
