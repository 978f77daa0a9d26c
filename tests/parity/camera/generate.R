# Frozen reference values of camera and cameraPR: limma on simulated values. Run in this folder: Rscript generate.R
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
n <- 300; samples <- 13
group <- factor(rep(c("a", "b", "c"), c(4, 5, 4)))
covariate <- rnorm(samples)
design <- model.matrix(~ 0 + group + covariate)
y <- matrix(rnorm(n * samples), n) * sqrt(rgamma(n, 4)) + rnorm(n, 6)
y[1:40, ] <- y[1:40, ] + rep(rnorm(samples), each = 40) * 0.6
y[30:60, group == "b"] <- y[30:60, group == "b"] + 0.8
y[61:75, group == "c"] <- y[61:75, group == "c"] - 1.1
y[7, ] <- round(y[7, ]); y[8, ] <- y[9, ]
values <- matrix(rgamma(n * samples, 3), n)
arrays <- rgamma(samples, 5)
sets <- list(correlated = 1:40, up = 30:60, down = 61:75, one = 77, two = c(78, 290), wide = seq(1, 299, 2), far = 200:260)
contrasts <- list(ba = c(-1, 1, 0, 0), cb = c(0, -1, 1, 0), all = c(-0.5, -0.5, 1, 0), slope = c(0, 0, 0, 1))
save(y, "values"); save(design, "design"); save(values, "weights"); save(data.frame(arrays), "samples")
save(data.frame(set = rep(names(sets), lengths(sets)), member = unlist(sets)), "sets")
save(do.call(cbind, contrasts), "contrasts")
table <- function(...) {
  found <- camera(y, sets, design, sort = FALSE, ...)
  if (is.null(found$Correlation)) found$Correlation <- NA_real_
  data.frame(set = rownames(found), n = found$NGenes, correlation = found$Correlation,
             direction = ifelse(found$Direction == "Up", 1L, -1L), p = found$PValue)
}
for (k in names(contrasts)) {
  with <- function(...) table(contrast = contrasts[[k]], ...)
  save(with(inter.gene.cor = NA), paste0(k, "_estimated"))
  save(with(inter.gene.cor = NA, weights = values), paste0(k, "_estimated_weighted"))
  save(with(inter.gene.cor = NA, weights = arrays), paste0(k, "_estimated_samples"))
  save(with(inter.gene.cor = NA, trend.var = TRUE), paste0(k, "_estimated_trend"))
  save(with(inter.gene.cor = 0.01), paste0(k, "_preset"))
  save(with(inter.gene.cor = 0.05, weights = values), paste0(k, "_preset_weighted"))
}
statistic <- rt(n, 6); statistic[30:60] <- statistic[30:60] + 0.7; statistic[100:120] <- round(statistic[100:120])
save(data.frame(statistic), "statistic")
ranked <- function(...) {
  found <- cameraPR(statistic, sets, sort = FALSE, ...)
  data.frame(set = rownames(found), n = found$NGenes, direction = ifelse(found$Direction == "Up", 1L, -1L), p = found$PValue)
}
save(ranked(), "preranked"); save(ranked(use.ranks = TRUE), "preranked_ranks")
save(ranked(inter.gene.cor = 0), "preranked_independent"); save(ranked(use.ranks = TRUE, inter.gene.cor = 0), "preranked_ranks_independent")
save(ranked(inter.gene.cor = seq(0, 0.3, 0.05)), "preranked_each")
writeLines(capture.output(sessionInfo()), "session_info.txt")
