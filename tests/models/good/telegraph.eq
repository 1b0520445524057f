model telegraph
space x in [0, 1] periodic
state w(x)
param c = 1
learned loss(dt(w)) by mlp(16, 16) with odd(dt(w))
∂²w/∂t² = c^2*dxx(w) - loss
init w = sin(2*pi*x)
init ∂w/∂t = 0
