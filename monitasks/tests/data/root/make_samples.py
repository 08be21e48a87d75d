"""Makes the ROOT files beside this script with ROOT itself, and expected.json with what ROOT says is in them.

    python make_samples.py        in an environment with ROOT 6.40

One file per compression, all of the same content; and one whose histogram is packed in several blocks.
"""

import array
import json
import math

import ROOT

ROOT.gROOT.SetBatch(True)
ROOT.TH1.AddDirectory(False)

# Name: number and level of the compression.
COMPRESSIONS = {"none": (0, 0), "zlib": (1, 6), "lzma": (2, 6), "lz4": (4, 4), "zstd": (5, 5)}
ENTRIES = 60

ROOT.gInterpreter.Declare(
    """
    void write_tree(int entries, int basket) {
      auto t = new TTree("t", "a tree");
      int i; float x; double y; long long l; unsigned u; bool o; char c; short s; unsigned char uc; unsigned short us;
      unsigned long long ul; char txt[40]; double fix[3]; float fix2[2][2]; int n; float var[100]; short var2[100][2];
      std::vector<float> vf; std::vector<int> vi; std::vector<double> vd; std::vector<short> vs; std::vector<bool> vb; std::string str;
      struct { int a; float b; } two;
      t->Branch("i", &i, "i/I", basket);      t->Branch("x", &x, "x/F", basket);    t->Branch("y", &y, "y/D", basket);
      t->Branch("l", &l, "l/L", basket);      t->Branch("u", &u, "u/i", basket);    t->Branch("o", &o, "o/O", basket);
      t->Branch("c", &c, "c/B", basket);      t->Branch("s", &s, "s/S", basket);    t->Branch("uc", &uc, "uc/b", basket);
      t->Branch("us", &us, "us/s", basket);   t->Branch("ul", &ul, "ul/l", basket); t->Branch("txt", txt, "txt/C", basket);
      t->Branch("fix", fix, "fix[3]/D", basket);  t->Branch("fix2", fix2, "fix2[2][2]/F", basket);
      t->Branch("n", &n, "n/I", basket);      t->Branch("var", var, "var[n]/F", basket);
      t->Branch("var2", var2, "var2[n][2]/S", basket);
      t->Branch("two", &two, "a/I:b/F", basket);
      t->Branch("vf", &vf, basket); t->Branch("vi", &vi, basket); t->Branch("vd", &vd, basket); t->Branch("vs", &vs, basket);
      t->Branch("vb", &vb, basket); t->Branch("str", &str, basket);
      for (int k = 0; k < entries; ++k) {
        i = k - 3; x = 0.5f * k; y = 1.0 / (k + 1); l = -5000000000LL * k; u = 4000000000u + k; o = k % 3 == 0;
        c = k - 30; s = -k; uc = 255 - k; us = 65535 - k; ul = 18000000000000000000ull + k;
        snprintf(txt, 40, "text %d", k); if (k % 7 == 0) txt[0] = 0;
        for (int j = 0; j < 3; ++j) fix[j] = k + 0.5 * j;
        for (int j = 0; j < 4; ++j) fix2[j / 2][j % 2] = k * j;
        n = k % 4;
        for (int j = 0; j < n; ++j) { var[j] = k + j * 0.25f; var2[j][0] = k; var2[j][1] = -j; }
        two.a = k; two.b = -0.5f * k;
        vf.clear(); vi.clear(); vd.clear(); vs.clear(); vb.clear(); str = "s";
        for (int j = 0; j < k % 5; ++j) {
          vf.push_back(j * 0.5f + k); vi.push_back(k * j); vd.push_back(-j); vs.push_back(j - k); vb.push_back(j % 2); str += "x";
        }
        t->Fill();
      }
      t->Write();
    }

    // A tree that lives in memory: its baskets are written inside the tree's own record.
    void write_kept(TFile *file, int entries) {
      auto t = new TTree("kept", "baskets inside");
      t->SetDirectory(nullptr);
      int i; int n; float var[100]; std::vector<float> vf; char txt[40];
      t->Branch("i", &i, "i/I", 64); t->Branch("n", &n, "n/I"); t->Branch("var", var, "var[n]/F", 200);
      t->Branch("vf", &vf); t->Branch("txt", txt, "txt/C");
      for (i = 0; i < entries; ++i) {
        n = i % 4;
        vf.clear();
        for (int j = 0; j < n; ++j) { var[j] = i + j * 0.25f; vf.push_back(-var[j]); }
        snprintf(txt, 40, "%s", i % 7 == 0 ? "" : "kept");
        t->Fill();
      }
      file->WriteTObject(t);
    }
    """
)


def row(*values):
    return array.array("d", values)


def histograms():
    h = ROOT.TH1D("h1d", "one;x [cm];entries", 10, -1, 4)
    h.Sumw2()
    for i in range(100):
        h.Fill(-1.5 + 0.07 * i, 1 + 0.25 * (i % 3))
    edges = ROOT.TH1F("h1f", "edges;t", 4, row(0, 1, 3, 7, 20))
    for i in range(30):
        edges.Fill(0.9 * i)
    labels = ROOT.TH1I("h1i", "labels", 3, 0, 3)
    for i, label in enumerate(["LEM 1", "LEM 2", "LEM 3"]):
        labels.GetXaxis().SetBinLabel(i + 1, label)
        labels.SetBinContent(i + 1, 5 * i - 2)
    two = ROOT.TH2D("h2d", "two;x;y;z", 4, 0, 4, 3, -3, 3)
    for i in range(60):
        two.Fill(0.1 * i - 0.5, math.sin(i) * 4, 0.5 + i)
    made = [h, edges, labels, two]
    for letter in "SC":
        made.append(getattr(ROOT, "TH1" + letter)("h1" + letter.lower(), "", 3, 0, 1))
    for letter in "FISC":
        made.append(getattr(ROOT, "TH2" + letter)("h2" + letter.lower(), "", 3, 0, 1, 2, 0, 1))
    for number, histogram in enumerate(made[4:]):
        for cell in range(histogram.GetNcells()):
            histogram.SetBinContent(cell, cell * (number + 1) - 5)
    for name, option in [("profile", ""), ("profile_spread", "s")]:
        profile = ROOT.TProfile(name, "profile;x;mean y", 5, 0, 5, option)
        for i in range(40):
            profile.Fill(0.1 * i, i * i * 0.01 - i % 7, 1 + i % 2)
        made.append(profile)
    return made


def graphs():
    graph = ROOT.TGraph(3, row(1, 2, 3), row(4, 5.5, 6))
    graph.SetNameTitle("graph", "a graph;run;value")
    errors = ROOT.TGraphErrors(3, row(1, 2, 3), row(4, 5.5, 6), row(0.1, 0.2, 0.3), row(0.4, 0.5, 0.6))
    errors.SetName("graph_errors")
    asymm = ROOT.TGraphAsymmErrors(2, row(1, 2), row(4, 5.5), row(0.1, 0.2), row(0.3, 0.4), row(0.5, 0.6), row(0.7, 0.8))
    asymm.SetName("graph_asymm")
    return [graph, errors, asymm]


def facts(h):
    axes = [h.GetXaxis(), h.GetYaxis()][: h.GetDimension()]
    cells = range(h.GetNcells())
    return {
        "name": h.GetName(),
        "title": h.GetTitle(),
        "class": h.ClassName(),
        "entries": h.GetEntries(),
        "mean": h.GetMean(),
        "spread": h.GetStdDev(),
        "axes": [
            {
                "title": a.GetTitle(),
                "edges": [a.GetBinLowEdge(b) for b in range(1, a.GetNbins() + 2)],
                "labels": [a.GetBinLabel(b) for b in range(1, a.GetNbins() + 1)],
            }
            for a in axes
        ],
        "values": [h.GetBinContent(c) for c in cells],
        "errors": [h.GetBinError(c) for c in cells],
    }


for name, (algorithm, level) in COMPRESSIONS.items():
    file = ROOT.TFile(f"root640_{name}.root", "RECREATE", "samples", algorithm * 100 + level)
    for thing in histograms() + graphs():
        thing.Write()
    file.mkdir("sub").mkdir("deep").cd()
    ROOT.TObjString("a text").Write("note")
    histograms()[0].Write("h_deep")
    file.cd()
    twice = ROOT.TH1D("twice", "first", 1, 0, 1)
    twice.Write()
    twice.SetTitle("second")
    twice.Write()
    ROOT.write_tree(ENTRIES, 300 if name == "zstd" else 2000)
    ROOT.write_kept(file, 40)
    file.Close()

# 17.6 MB before packing: more than one block holds.
blocks = ROOT.TFile("root640_blocks.root", "RECREATE", "", 505)
long = ROOT.TH1D("long", "several blocks", 2_200_000, 0, 1)
for place in (0, 1, 2_100_000, 2_200_001):
    long.SetBinContent(place, place + 0.5)
long.Write()
blocks.Close()

with open("expected.json", "w") as out:
    json.dump({"root": ROOT.__version__, "histograms": [facts(h) for h in histograms()]}, out, indent=0)
    out.write("\n")
