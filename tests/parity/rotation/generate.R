# Frozen reference values of fry and of mroast with many rotations: limma on simulated values. Run: Rscript generate.R
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
n <- 200; samples <- 12
group <- factor(rep(c("a", "b", "c"), 4))
block <- rep(1:4, each = 3)
design <- model.matrix(~ 0 + group)
y <- matrix(rnorm(n * samples), n) * sqrt(1 / rgamma(n, 4)) + matrix(rnorm(n * 4), n)[, block] * 0.4 + 7
y[1:30, ] <- y[1:30, ] + rep(rnorm(samples), each = 30) * 0.5
y[20:40, group == "b"] <- y[20:40, group == "b"] + 0.35
y[41:50, group == "b"] <- y[41:50, group == "b"] + c(-0.8, 0.8)
values <- matrix(rgamma(n * samples, 3), n); arrays <- rgamma(samples, 5)
sets <- list(correlated = 1:30, up = 20:40, both = 41:50, one = 77, two = c(78, 190), wide = seq(1, 199, 3))
contrast <- c(-1, 1, 0)
save(y, "values"); save(design, "design"); save(values, "weights"); save(data.frame(arrays, block), "samples")
save(data.frame(set = rep(names(sets), lengths(sets)), member = unlist(sets)), "sets")
variants <- list(plain = list(), weighted = list(weights = values), samples = list(weights = arrays),
                 trend = list(trend.var = TRUE), robust = list(robust = TRUE),
                 block = list(block = block, correlation = 0.25),
                 block_weighted = list(block = block, correlation = 0.25, weights = values))
for (v in names(variants)) {
  found <- do.call(fry, c(list(y, sets, design, contrast = contrast, sort = "none"), variants[[v]]))
  save(data.frame(n = found$NGenes, direction = ifelse(found$Direction == "Up", 1L, -1L), p = found$PValue,
                  mixed = found$PValue.Mixed), paste0(v, "_fry"))
  if (v == "trend") names(variants[[v]]) <- "trend"
  for (statistic in if (v == "plain") c("mean", "floormean", "msq") else "mean") {
    found <- do.call(mroast, c(list(y, sets, design, contrast = contrast, nrot = 40000, set.statistic = statistic,
                                    sort = "none"), variants[[v]]))
    save(data.frame(down = found$PropDown, up = found$PropUp, direction = ifelse(found$Direction == "Up", 1L, -1L),
                    p = found$PValue, mixed = found$PValue.Mixed), paste0(v, "_", statistic))
  }
}
writeLines(capture.output(sessionInfo()), "session_info.txt")
