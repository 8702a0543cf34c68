"""What only the chapters need: the comparison of chapter 10, the logs of the runs, what the models' cards say."""
