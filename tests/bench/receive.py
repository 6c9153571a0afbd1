"""Scores the WAVs that the ignored test `voice::incoming::tests::bench` writes: one line each, PESQ-WB, STOI, dropouts, delay.

  receive.py RIG_FOLDER WAV...      (the rig's folder holds quality.py)
"""
import os, sys

sys.path.insert(0, sys.argv[1])
import quality
import soundfile

for path in sys.argv[2:]:
    sound, _ = soundfile.read(path)
    score = quality.score(sound[:, 0], sound[:, 1])
    delays = sorted(score["delay_ms"])
    print(f"{os.path.basename(path)[:-4]:18} PESQ {score['pesq_mean']:.2f} (worst {score['pesq_min']:.2f})  STOI "
          f"{score['stoi_mean']:.3f}  dropouts {score['dropout_ms']} ms  delay {delays[len(delays) // 2]:.0f} ms", flush=True)
