"""What the monitor shows: pages for people, figures for other monitors. It shows and decides nothing."""
