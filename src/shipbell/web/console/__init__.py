"""The console: pages made by the server, which work with scripts switched off."""
