"""From a TOML file, the environment and a folder of secrets to settings and a plan, or to every problem at once."""
