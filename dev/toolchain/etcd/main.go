// Command etcd runs the etcd server: the upstream module ships no installable main at this path.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
