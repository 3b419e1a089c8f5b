"""How the values of the model look in the contract's messages, and the other way round."""
