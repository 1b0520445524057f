space x in [0, 1] peridic
state u(x)
law e = integral(u) decresing
