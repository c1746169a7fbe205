"""The page that shows what a model learnt, what it mixes up, and what int8 cost: one file, read by anybody."""
