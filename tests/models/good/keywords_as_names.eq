# Words of the language are ordinary names wherever they cannot be keywords.
model keywords_as_names
state data, time
param grid = 2
param law = fit 1
let state = data + grid
known noise = -time*law
dt(data) = noise + state - data
dt(time) = -time
