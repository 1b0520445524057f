# Words of the language are ordinary names wherever they cannot be keywords.
model keywords_as_names
state state, time
param grid = 2
param law = fit 1
let at = state + grid
known observe = -time*law
dt(state) = observe + at - state
dt(time) = -time
