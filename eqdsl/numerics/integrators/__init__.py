"""Methods of integration in time: a table of numbers each, two engines, one entrance (`integrate`)."""
