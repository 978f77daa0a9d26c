# Frozen reference values of batch removal: limma::removeBatchEffect on simulated values with missing ones.
# The protected groups are passed as a design, which every limma understands. Run in this folder: Rscript generate.R
suppressPackageStartupMessages(library(limma))
options(warn = -1)
save <- function(x, name) {
  x <- as.data.frame(x)
  real <- vapply(x, is.double, NA)
  x[real] <- lapply(x[real], function(column) sprintf("%.17g", column))
  connection <- gzfile(file.path("expected", paste0(name, ".tsv.gz")), "wt")
  write.table(x, connection, sep = "\t", quote = FALSE, row.names = FALSE)
  close(connection)
}
set.seed(20240731)
n <- 60; samples <- 18
group <- factor(rep(c("a", "b", "c"), 6))
plex <- factor(rep(c("S1", "S2", "S3", "S4", "S5", "S6"), each = 3))
run <- factor(rep(c("early", "late"), 9))
covariates <- cbind(rnorm(samples), runif(samples))
y <- matrix(rnorm(n * samples, 3), n) + outer(rnorm(n), as.integer(plex)) + outer(rnorm(n), as.integer(group))
y[sample(length(y), 150)] <- NA
for (g in 1:25) y[g, plex %in% sample(levels(plex), 1 + g %% 4)] <- NA
y[26, ] <- NA; y[27, -4] <- NA; y[28, group == "b"] <- NA; y[29, plex != "S2"] <- NA
weights <- rgamma(samples, 3)
save(y, "values"); save(data.frame(group, plex, run, covariates, weights), "samples")
protect <- model.matrix(~ group)
remove <- function(...) { capture.output(x <- removeBatchEffect(y, ...)); x }
save(remove(plex), "plex")
save(remove(plex, design = protect), "plex_group")
save(remove(plex, batch2 = run, covariates = covariates, design = protect), "everything")
save(remove(covariates = covariates), "covariates")
save(remove(plex, design = protect, weights = weights), "weighted")
writeLines(capture.output(sessionInfo()), "session_info.txt")
