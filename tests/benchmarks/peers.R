# usage: Rscript peers.R TASK FOLDER REPEATS ; prints the CPU seconds (user + system) of each repeat, one a line.
# FOLDER holds what workload.py wrote: counts.i32 (genes x samples), design.f64, contrasts.f64, shape.txt, groups.txt ...
arguments <- commandArgs(TRUE)
task <- arguments[1]; folder <- arguments[2]; repeats <- as.integer(arguments[3])
path <- function(name) file.path(folder, name)
numbers <- function(name, rows, columns) {
  size <- rows * columns
  matrix(readBin(path(name), "double", size), rows, columns)
}
shape <- scan(path("shape.txt"), quiet = TRUE) # genes, samples, coefficients, contrasts
counts <- function() {
  y <- matrix(readBin(path("counts.i32"), "integer", shape[1] * shape[2]), shape[1], shape[2])
  rownames(y) <- paste0("g", seq_len(shape[1])); colnames(y) <- paste0("s", seq_len(shape[2])); y
}
design <- function() { d <- numbers("design.f64", shape[2], shape[3]); colnames(d) <- paste0("c", seq_len(shape[3])); d }
contrasts <- function() numbers("contrasts.f64", shape[3], shape[4])
tables <- function(fit) lapply(seq_len(shape[4]), function(k) limma::topTable(fit, coef = k, number = Inf, sort.by = "none"))
need <- function(...) for (package in c(...)) suppressMessages(library(package, character.only = TRUE))

prepare <- list(
  recipe = function() { need("edgeR"); list(y = counts(), d = design(), k = contrasts(), s = paste0("s", seq_len(shape[2]))) },
  voom = function() { need("edgeR"); list(y = calcNormFactors(DGEList(counts())), d = design(), k = contrasts()) },
  trend = function() { need("edgeR"); list(y = calcNormFactors(DGEList(counts())), d = design(), k = contrasts()) },
  tmm = function() { need("edgeR"); list(y = DGEList(counts())) },
  array_weights = function() { need("edgeR"); y <- calcNormFactors(DGEList(counts())); d <- design(); list(v = voom(y, d), d = d) },
  meta_analysis = function() {
    need("metafor"); size <- scan(path("meta_shape.txt"), quiet = TRUE)
    list(y = numbers("meta_estimates.f64", size[1], size[2]), s = numbers("meta_errors.f64", size[1], size[2]))
  },
  singscore = function() {
    size <- scan(path("scores_shape.txt"), quiet = TRUE) # genes, samples, sets
    sets <- lapply(strsplit(readLines(path("sets.txt")), " "), as.integer)
    x <- matrix(readBin(path("scores.f64"), "double", size[1] * size[2]), size[1], size[2])
    list(x = x, sets = sets)
  }
)
work <- list(
  recipe = function(p) {
    y <- DGEList(p$y); y <- calcNormFactors(y)
    fit <- voomLmFit(y, p$d, var.group = p$s)
    tables(eBayes(contrasts.fit(fit, p$k), robust = TRUE))
  },
  voom = function(p) tables(eBayes(contrasts.fit(lmFit(voom(p$y, p$d), p$d), p$k))),
  trend = function(p) tables(eBayes(contrasts.fit(lmFit(cpm(p$y, log = TRUE, prior.count = 2), p$d), p$k), trend = TRUE)),
  tmm = function(p) calcNormFactors(p$y),
  array_weights = function(p) arrayWeights(p$v, p$d, method = "genebygene"),
  meta_analysis = function(p) for (i in seq_len(nrow(p$y))) try(rma(p$y[i, ], sei = p$s[i, ], method = "REML"), silent = TRUE),
  # singscore's published formula; the package itself is not in Debian
  singscore = function(p) {
    ranks <- apply(p$x, 2, rank, ties.method = "min"); n <- nrow(ranks)
    sapply(p$sets, function(i) {
      k <- length(i); low <- (k + 1) / 2; high <- (2 * n - k + 1) / 2
      (colMeans(ranks[i, , drop = FALSE]) - low) / (high - low) - 0.5
    })
  }
)
prepared <- prepare[[task]]()
for (turn in seq_len(repeats)) {
  invisible(gc()); start <- proc.time()
  invisible(work[[task]](prepared))
  used <- proc.time() - start
  cat(sum(used[c(1, 2)]), "\n")
}
